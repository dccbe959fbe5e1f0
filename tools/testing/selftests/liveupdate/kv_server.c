// SPDX-License-Identifier: GPL-2.0-only
/*
 * A key-value server that outlives its kernel
 *
 *	kv_server MIB SOCKET [DEVICE]
 *
 * Keeps its data in a memfd of MIB, and that in a live update session: a server
 * that is started after the kexec finds it there.  Serves clients of a Unix
 * socket and, if there is one, whoever is at the other end of a character
 * device.  What they say is in kv.h.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "kv.h"
#include "luo.h"

#define SESSION		"kv"
#define TOKEN		0
#define MAGIC		"kv-server-1"
#define PAGE		4096UL
#define MAX_CLIENTS	8

/*
 * The memory.  A value is never changed in place: it is written to a free slot,
 * to which the index is pointed then.  So whenever the machine stops, every key
 * has either its old value or the new one.
 */

struct slot {
	char key[KV_KEY_LEN];
	char value[KV_VALUE_LEN];
	char pad[PAGE - KV_KEY_LEN - KV_VALUE_LEN];
};

/* At the start of the memfd; the slots follow on the next page. */
struct store {
	char magic[16];
	uint64_t generation;
	uint32_t nr_slots;
	uint32_t nr_index;	/* a power of two, more than there are slots */
	uint32_t index[];	/* by hash of the key: slot + 1, or 0 */
};

static struct store *store;
static struct slot *slots;
static uint32_t *free_slots, nr_free;

static void die(const char *what, int err)
{
	fprintf(stderr, "kv_server: %s: %s\n", what, strerror(-err));
	exit(1);
}

static void must(const char *what, long ret)
{
	if (ret < 0)
		die(what, ret == -1 ? -errno : ret);
}

static size_t index_bytes(uint32_t nr_index)
{
	return (sizeof(*store) + nr_index * sizeof(*store->index) + PAGE - 1) & -PAGE;
}

/* An empty store in a memfd that has only zeroes */
static void format(size_t size)
{
	store->nr_index = 1;
	while (store->nr_index < size / PAGE)
		store->nr_index *= 2;
	store->nr_index *= 2;
	store->nr_slots = (size - index_bytes(store->nr_index)) / PAGE;
	strcpy(store->magic, MAGIC);
}

/* Which slots are free is known by looking which are not. */
static void find_free_slots(void)
{
	unsigned char *used = calloc(store->nr_slots, 1);
	uint32_t i;

	free_slots = calloc(store->nr_slots, sizeof(*free_slots));
	if (!used || !free_slots)
		die("slots", -ENOMEM);
	for (i = 0; i < store->nr_index; i++) {
		if (store->index[i])
			used[store->index[i] - 1] = 1;
	}
	for (i = store->nr_slots; i--;) {
		if (!used[i])
			free_slots[nr_free++] = i;
	}
	free(used);
}

static void attach(int fd)
{
	struct stat st;

	must("fstat", fstat(fd, &st));
	/* All of it is there from the beginning: nothing is left to the last moment. */
	store = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (store == MAP_FAILED)
		die("mmap", -errno);
	if (!store->magic[0])
		format(st.st_size);
	if (strcmp(store->magic, MAGIC))
		die("the memfd that arrived", -EINVAL);
	slots = (struct slot *)((char *)store + index_bytes(store->nr_index));
	store->generation++;
	find_free_slots();
}

static uint32_t *find(const char *key)
{
	uint32_t hash = 2166136261U, *entry;
	const char *c;

	for (c = key; *c; c++)
		hash = (hash ^ *c) * 16777619U;
	for (;; hash++) {
		entry = &store->index[hash & (store->nr_index - 1)];
		if (!*entry || !strcmp(slots[*entry - 1].key, key))
			return entry;
	}
}

static int set(const char *key, const char *value)
{
	uint32_t *entry = find(key), old = *entry, new;

	if (!nr_free)
		return -ENOSPC;
	new = free_slots[--nr_free];
	strcpy(slots[new].key, key);
	strcpy(slots[new].value, value);
	__atomic_store_n(entry, new + 1, __ATOMIC_RELEASE);
	if (old)
		free_slots[nr_free++] = old - 1;
	return 0;
}

static const char *get(const char *key)
{
	uint32_t *entry = find(key);

	return *entry ? slots[*entry - 1].value : NULL;
}

/*
 * Live update: take what arrived, or begin anew; either way it shall go over
 */

static int take(int dev)
{
	int session = luo_retrieve(dev, SESSION), fd;

	if (session == -ENOENT)
		return -ENOENT;
	must("retrieve the session", session);
	fd = luo_retrieve_fd(session, TOKEN);
	must("retrieve the memfd", fd);
	must("finish the session", luo_finish(session));
	close(session);
	return fd;
}

/* The session lives as long as we do. */
static void preserve(int dev, int fd)
{
	int session = luo_create(dev, SESSION);

	must("create a session", session);
	must("PRESERVE_FD", luo_preserve_fd(session, fd, TOKEN));
}

static void prepare(size_t mib)
{
	int dev = open(LUO_DEVICE, O_RDWR | O_CLOEXEC), fd;

	must(LUO_DEVICE, dev);
	fd = take(dev);
	if (fd < 0) {
		fd = memfd_create("kv", MFD_CLOEXEC);
		must("memfd_create", fd);
		must("ftruncate", ftruncate(fd, mib << 20));
	}
	attach(fd);
	preserve(dev, fd);
	close(dev);
	close(fd);
}

/*
 * Clients
 */

static struct client {
	int fd;
	size_t len;
	char in[2 * KV_LINE_LEN];
} clients[MAX_CLIENTS];

static void answer(struct client *c, const char *fmt, ...)
{
	char text[KV_LINE_LEN];
	va_list args;
	ssize_t n;
	int len, done;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (done = 0; done < len; done += n) {
		n = write(c->fd, text + done, len - done);
		if (n <= 0)
			return;
	}
}

static void serve_line(struct client *c, char *line)
{
	unsigned long long generation = store->generation, nr = 0;
	char verb[8] = "", key[KV_KEY_LEN] = "";
	const char *value;
	int at = 0, err;
	size_t len;

	if (!*line)
		return;
	if (sscanf(line, "%7s %llu %31s %n", verb, &nr, key, &at) < 3) {
		answer(c, "ERR %llu %llu incomplete\n", nr, generation);
	} else if (!strcmp(verb, "GET")) {
		value = get(key);
		if (value)
			answer(c, "VALUE %llu %llu %s\n", nr, generation, value);
		else
			answer(c, "NONE %llu %llu\n", nr, generation);
	} else if (!strcmp(verb, "SET")) {
		len = strtoul(line + at, &line, 10);
		/* The length shows what was cut off, by a jump for instance. */
		if (*line != ' ' || strlen(line + 1) != len || len >= KV_VALUE_LEN) {
			answer(c, "ERR %llu %llu length\n", nr, generation);
			return;
		}
		err = set(key, line + 1);
		if (err)
			answer(c, "ERR %llu %llu %s\n", nr, generation, strerror(-err));
		else
			answer(c, "OK %llu %llu\n", nr, generation);
	} else {
		answer(c, "ERR %llu %llu verb\n", nr, generation);
	}
}

/* Returns false if the client went away. */
static int serve(struct client *c)
{
	ssize_t n = read(c->fd, c->in + c->len, sizeof(c->in) - c->len);
	char *line = c->in, *end;

	if (n <= 0)
		return 0;
	c->len += n;
	while ((end = memchr(line, '\n', c->in + c->len - line))) {
		*end = '\0';
		serve_line(c, line);
		line = end + 1;
	}
	c->len -= line - c->in;
	memmove(c->in, line, c->len);
	/* No line is as long as that. */
	if (c->len == sizeof(c->in))
		c->len = 0;
	return 1;
}

static void add_client(int fd)
{
	int i;

	for (i = 0; i < MAX_CLIENTS; i++) {
		if (clients[i].fd >= 0)
			continue;
		clients[i].fd = fd;
		clients[i].len = 0;
		return;
	}
	close(fd);
}

static int listen_at(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	unlink(path);
	must(path, bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
	must(path, listen(fd, MAX_CLIENTS));
	return fd;
}

static void serve_all(int listener, int device)
{
	struct pollfd fds[MAX_CLIENTS + 1];
	int i;

	for (;;) {
		for (i = 0; i < MAX_CLIENTS; i++)
			fds[i] = (struct pollfd) { .fd = clients[i].fd, .events = POLLIN };
		fds[i] = (struct pollfd) { .fd = listener, .events = POLLIN };
		must("poll", poll(fds, MAX_CLIENTS + 1, -1));
		if (fds[MAX_CLIENTS].revents)
			add_client(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
		for (i = 0; i < MAX_CLIENTS; i++) {
			if (!fds[i].revents || serve(&clients[i]))
				continue;
			if (clients[i].fd == device) {
				/* Nobody is at the other end, for now. */
				usleep(10000);
				continue;
			}
			close(clients[i].fd);
			clients[i].fd = -1;
		}
	}
}

int main(int argc, char **argv)
{
	int listener, device = -1, i;

	if (argc < 3 || argc > 4 || strtoul(argv[1], NULL, 10) < 1) {
		fprintf(stderr, "usage: kv_server MIB SOCKET [DEVICE]\n");
		return 2;
	}
	prepare(strtoul(argv[1], NULL, 10));
	for (i = 0; i < MAX_CLIENTS; i++)
		clients[i].fd = -1;
	listener = listen_at(argv[2]);
	if (argc == 4) {
		device = open(argv[3], O_RDWR | O_CLOEXEC);
		must(argv[3], device);
		add_client(device);
	}
	printf("ready: generation %llu, %u of %u slots are in use\n",
	       (unsigned long long)store->generation, store->nr_slots - nr_free,
	       store->nr_slots);
	/* Whoever started us may go on. */
	fflush(stdout);
	if (daemon(0, 1))
		die("daemon", -errno);
	serve_all(listener, device);
}
