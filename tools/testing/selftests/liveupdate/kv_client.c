// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client of kv_server
 *
 *	kv_client SOCKET get KEY
 *	kv_client SOCKET set KEY VALUE
 *	kv_client SOCKET watch KEYS	write and read, all the time, until the server
 *					has changed kernels: is anything missing?
 *
 * "watch" is for a machine of its own: it has to live through what it watches.
 * Its memory is the log of what the server acknowledged.  Lines for demo.sh:
 * "say TEXT" is shown, "set NAME VALUE" ends up in its table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "kv.h"

#define VALUE_LEN	4000
#define WINDOW		32		/* requests under way, while keys are loaded */
#define AFTERWARDS	2000		/* writes to the next kernel */
#define RETRY_MS	50

static int sock;
static char in[2 * KV_LINE_LEN];
static size_t in_len;
static uint64_t next_nr = 1;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "kv_client: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void connect_to(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int i;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* It may come into being yet. */
	for (i = 0; connect(sock, (struct sockaddr *)&sun, sizeof(sun)); i++) {
		if (i == 600)
			die(path);
		usleep(100000);
	}
}

/*
 * Requests and answers
 */

static void send_line(const char *fmt, ...)
{
	char text[KV_LINE_LEN];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (send(sock, text, len, MSG_NOSIGNAL) != len)
		die("send");
}

struct answer {
	char verb[8];
	unsigned long long nr, generation;
	char rest[KV_VALUE_LEN];
};

/* Returns false after @ms without an answer; a negative number waits for ever. */
static bool receive(struct answer *a, int ms)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	char *end;
	ssize_t n;

	for (;;) {
		end = memchr(in, '\n', in_len);
		if (end)
			break;
		if (in_len == sizeof(in))
			in_len = 0;
		if (poll(&p, 1, ms) <= 0)
			return false;
		n = read(sock, in + in_len, sizeof(in) - in_len);
		if (n <= 0)
			die("the server is gone");
		in_len += n;
	}
	*end = '\0';
	memset(a, 0, sizeof(*a));
	if (sscanf(in, "%7s %llu %llu %4031s", a->verb, &a->nr, &a->generation, a->rest) < 3)
		a->nr = 0;
	in_len -= end + 1 - in;
	memmove(in, end + 1, in_len);
	return true;
}

/* A value can be told from every other. */
static const char *value_of(uint64_t key, uint64_t version)
{
	static char text[VALUE_LEN + 1];
	uint64_t x = key * 0x9e3779b97f4a7c15ULL + version * 0xc2b2ae3d27d4eb4fULL + 1;
	int i;

	for (i = 0; i < VALUE_LEN; i++) {
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		text[i] = 'a' + (x >> 33) % 26;
	}
	return text;
}

static void send_set(uint64_t nr, uint64_t key, uint64_t version)
{
	send_line("SET %llu key%llu %d %s\n", (unsigned long long)nr, (unsigned long long)key,
		  VALUE_LEN, value_of(key, version));
}

static void send_get(uint64_t nr, uint64_t key)
{
	send_line("GET %llu key%llu\n", (unsigned long long)nr, (unsigned long long)key);
}

/* Has the machine taken everything that was sent so far? */
static bool nothing_queued(void)
{
	int queued = 0;

	return !ioctl(sock, SIOCOUTQ, &queued) && !queued;
}

/*
 * One request at a time, until it is answered: a write, or a read if @version is
 * 0.  What is under way when the kernel changes is lost, or cut in two: it is
 * sent again, on a line of its own.  To do so twice does no harm.
 */
static struct answer until_answered(uint64_t key, uint64_t version)
{
	const char *verb = version ? "OK" : "VALUE";
	uint64_t nr = next_nr++;
	struct answer a;

	for (;;) {
		if (version)
			send_set(nr, key, version);
		else
			send_get(nr, key);
		while (receive(&a, RETRY_MS) || !nothing_queued()) {
			if (a.nr == nr && !strcmp(a.verb, verb))
				return a;
		}
		send_line("\n");
	}
}

/*
 * The story
 */

static uint64_t *versions;		/* of every key: the last that was acknowledged */
static uint64_t nr_keys;

static void must_be(const struct answer *a, const char *verb)
{
	if (!strcmp(a->verb, verb))
		return;
	fprintf(stderr, "kv_client: the answer is %s %s, not %s\n", a->verb, a->rest, verb);
	exit(1);
}

static void load(void)
{
	uint64_t sent = 0, acked = 0;
	double start = now();
	struct answer a;

	while (acked < nr_keys) {
		while (sent < nr_keys && sent - acked < WINDOW) {
			send_set(next_nr++, sent, 1);
			sent++;
		}
		receive(&a, -1);
		must_be(&a, "OK");
		versions[acked++] = 1;
	}
	printf("say The client has written %llu keys with values of %d bytes, in %.1f s.\n",
	       (unsigned long long)nr_keys, VALUE_LEN, now() - start);
}

/* What two kernels acknowledged, and how long neither did */
struct watch {
	uint64_t before, after;
	uint64_t stale;			/* reads of something else than was written */
	double gap;
};

static unsigned long long write_and_read(struct watch *w, uint64_t key)
{
	struct answer a = until_answered(key, versions[key] + 1);
	unsigned long long generation = a.generation;
	uint64_t other = key * 7 % nr_keys;

	versions[key]++;
	a = until_answered(other, 0);
	w->stale += strcmp(a.rest, value_of(other, versions[other])) != 0;
	return generation;
}

static void go_on(struct watch *w)
{
	unsigned long long first = 0, generation;
	uint64_t key = 0, step = nr_keys / 3 * 2 + 1;
	double last = now(), t;

	for (; w->after < AFTERWARDS; last = t) {
		/* All over the memory, every key in its turn */
		key = (key + step) % nr_keys;
		generation = write_and_read(w, key);
		t = now();
		if (!first)
			first = generation;
		w->gap = t - last > w->gap ? t - last : w->gap;
		if (generation == first)
			w->before++;
		else if (!w->after++)
			printf("up\n");
	}
}

/* Asks for every key. */
static uint64_t count_missing(void)
{
	uint64_t sent = 0, got = 0, missing = 0;
	struct answer a;

	while (got < nr_keys) {
		for (; sent < nr_keys && sent - got < WINDOW; sent++)
			send_get(next_nr + sent, sent);
		receive(&a, -1);
		/* Late answers to what was sent twice */
		if (a.nr != next_nr + got)
			continue;
		missing += strcmp(a.verb, "VALUE") || strcmp(a.rest, value_of(got, versions[got]));
		got++;
	}
	next_nr += nr_keys;
	return missing;
}

/* Tells the machine how far we are. */
static void set_phase(const char *phase)
{
	uint64_t nr = next_nr++;
	struct answer a;

	send_line("SET %llu phase %zu %s\n", (unsigned long long)nr, strlen(phase), phase);
	do {
		receive(&a, -1);
	} while (a.nr != nr);
	must_be(&a, "OK");
}

static int watch(uint64_t keys)
{
	struct watch w = {};
	uint64_t missing;
	double start;

	nr_keys = keys;
	versions = calloc(keys, sizeof(*versions));
	if (!versions || !keys)
		die("keys");
	load();
	set_phase("loaded");
	go_on(&w);
	printf("say The client has an answer: %.2f s after the last one.\n", w.gap);
	start = now();
	missing = count_missing();
	printf("say It has asked for all %llu keys, in %.1f s: %llu are not as acknowledged.\n",
	       (unsigned long long)keys, now() - start, (unsigned long long)missing);
	printf("set keys %llu keys of %d bytes\n", (unsigned long long)keys, VALUE_LEN);
	printf("set acks %llu before, %llu after\n", (unsigned long long)(keys + w.before),
	       (unsigned long long)w.after);
	printf("set gap %.2f s\n", w.gap);
	printf("set missing %llu\n", (unsigned long long)missing);
	set_phase("checked");
	printf("set stale %llu\n", (unsigned long long)w.stale);
	return missing || w.stale;
}

static int ask(const char *verb, const char *key, const char *value)
{
	struct answer a;

	if (value)
		send_line("%s 1 %s %zu %s\n", verb, key, strlen(value), value);
	else
		send_line("%s 1 %s\n", verb, key);
	receive(&a, -1);
	printf("%s\n", a.rest[0] ? a.rest : a.verb);
	return !strcmp(a.verb, "ERR") || !strcmp(a.verb, "NONE");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 3)
		connect_to(argv[1]);
	if (argc == 4 && !strcmp(argv[2], "get"))
		return ask("GET", argv[3], NULL);
	if (argc == 5 && !strcmp(argv[2], "set"))
		return ask("SET", argv[3], argv[4]);
	if (argc == 4 && !strcmp(argv[2], "watch"))
		return watch(strtoull(argv[3], NULL, 10));
	fprintf(stderr, "usage: kv_client SOCKET get KEY | set KEY VALUE | watch KEYS\n");
	return 2;
}
