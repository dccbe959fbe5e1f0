// SPDX-License-Identifier: GPL-2.0-only
/*
 * luo: live update for shell scripts
 *
 *	luo agent NAME			hold descriptors until killed
 *	luo watch			print how far a reboot got, whenever that changes
 *	luo [-a NAME] COMMAND...	tell the agent (default: main) to
 *
 *	open, close-device		/dev/liveupdate
 *	create SESSION [AS]		and hold it, under another name if told so
 *	retrieve SESSION [AS]
 *	make FILE a|b|m NAME		a file of the exerciser, or a memfd
 *	device FILE PATH		whatever opening it gives
 *	read FILE			8 bytes of it, as a number
 *	preserve SESSION TOKEN FILE
 *	take SESSION TOKEN FILE		retrieve a file and hold it as FILE
 *	finish SESSION
 *	name SESSION			what the kernel calls it
 *	check FILE			print its name if every byte is right
 *	close NAME			session or file
 *	hold				what is held, one per line
 *	discard SESSION			as the administrator
 *	sessions			"NAME STATE HOPS FILES" of all there are
 *	files SESSION			its tokens, in order
 *	status				the numbers of GET_STATUS
 *	fill SESSION FROM NR KIND	preserve new files under tokens FROM...
 *	kexec				reboot(2); returns if that fails
 *
 * The status is 0, or 1 and the name of the errno on standard output.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "luo.h"

#define MAX_HELD	4096
#define MAX_WORDS	8

/*
 * The agent
 */

static struct held {
	char name[80];
	int fd;
} held[MAX_HELD];

static FILE *out;

static struct held *find(const char *name)
{
	struct held *h;

	for (h = held; h < held + MAX_HELD; h++) {
		if (h->name[0] && !strcmp(h->name, name))
			return h;
	}
	return NULL;
}

static int fd_of(const char *name)
{
	struct held *h = find(name);

	return h ? h->fd : -1;
}

/* @fd or an error */
static int hold(const char *name, int fd)
{
	struct held *h;

	if (fd < 0)
		return fd;
	if (find(name)) {
		close(fd);
		return -EEXIST;
	}
	for (h = held; h < held + MAX_HELD; h++) {
		if (h->name[0])
			continue;
		snprintf(h->name, sizeof(h->name), "%s", name);
		h->fd = fd;
		return 0;
	}
	close(fd);
	return -ENOSPC;
}

static int do_open(char **w)
{
	int fd = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);

	return hold("/device", fd < 0 ? -errno : fd);
}

static int do_close(char **w)
{
	struct held *h = find(w[0]);

	if (!h)
		return -ENOENT;
	h->name[0] = '\0';
	return close(h->fd) ? -errno : 0;
}

static int do_close_device(char **w)
{
	return do_close((char *[]){ "/device" });
}

static int do_create(char **w)
{
	return hold(w[1] ? w[1] : w[0], luo_create(fd_of("/device"), w[0]));
}

static int do_retrieve(char **w)
{
	return hold(w[1] ? w[1] : w[0], luo_retrieve(fd_of("/device"), w[0]));
}

static int do_make(char **w)
{
	return hold(w[0], test_file(w[1][0], w[2]));
}

static int do_device(char **w)
{
	int fd = open(w[1], O_RDONLY | O_CLOEXEC);

	return hold(w[0], fd < 0 ? -errno : fd);
}

static int do_read(char **w)
{
	unsigned long long value;

	if (read(fd_of(w[0]), &value, sizeof(value)) != sizeof(value))
		return -errno;
	fprintf(out, "%llu\n", value);
	return 0;
}

static int do_preserve(char **w)
{
	return luo_preserve_fd(fd_of(w[0]), fd_of(w[2]), strtoull(w[1], NULL, 0));
}

static int do_take(char **w)
{
	return hold(w[2], luo_retrieve_fd(fd_of(w[0]), strtoull(w[1], NULL, 0)));
}

static int do_finish(char **w)
{
	return luo_finish(fd_of(w[0]));
}

static int do_name(char **w)
{
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];
	int err = luo_get_name(fd_of(w[0]), name);

	if (!err)
		fprintf(out, "%s\n", name);
	return err;
}

static int do_check(char **w)
{
	char name[16];
	int err = test_file_check(fd_of(w[0]), name);

	if (!err)
		fprintf(out, "%s\n", name);
	return err;
}

static int do_hold(char **w)
{
	struct held *h;

	for (h = held; h < held + MAX_HELD; h++) {
		if (h->name[0])
			fprintf(out, "%s\n", h->name);
	}
	return 0;
}

static const char *const states[] = { "?", "created", "pending", "held", "finished" };

/* Calls @fn for every session the administrator sees. */
static int each_session(int (*fn)(int dev, const struct liveupdate_admin_session *s, char **w),
			char **w)
{
	struct liveupdate_admin_session s;
	struct liveupdate_admin_list_sessions args = {
		.size = sizeof(args), .sessions = (uintptr_t)&s, .stride = sizeof(s),
	};
	int dev = open(LUO_ADMIN, O_RDONLY | O_CLOEXEC);
	int err = dev < 0 ? -errno : 0;

	while (!err) {
		args.count = 1;
		err = luo_call(dev, LIVEUPDATE_ADMIN_LIST_SESSIONS, &args);
		if (err || !args.count)
			break;
		err = fn(dev, &s, w);
	}
	close(dev);
	return err;
}

static int print_session(int dev, const struct liveupdate_admin_session *s, char **w)
{
	fprintf(out, "%s %s %u %llu\n", s->name, states[s->state <= 4 ? s->state : 0], s->hops,
		s->files);
	return 0;
}

static int print_tokens(int dev, const struct liveupdate_admin_session *s, char **w)
{
	struct liveupdate_admin_file f;
	struct liveupdate_admin_list_files args = {
		.size = sizeof(args), .session = s->id, .files = (uintptr_t)&f,
		.stride = sizeof(f),
	};
	int err = 0;

	while (!err && !strcmp((char *)s->name, w[0])) {
		args.count = 1;
		err = luo_call(dev, LIVEUPDATE_ADMIN_LIST_FILES, &args);
		if (err || !args.count)
			break;
		fprintf(out, "%s%llu", args.cursor > 1 ? " " : "", f.token);
	}
	if (args.cursor)
		fprintf(out, "\n");
	return err;
}

static int do_sessions(char **w)
{
	return each_session(print_session, w);
}

static int do_files(char **w)
{
	return each_session(print_tokens, w);
}

static int discard_session(int dev, const struct liveupdate_admin_session *s, char **w)
{
	struct liveupdate_admin_discard_session args = { .size = sizeof(args), .session = s->id };

	if (strcmp((char *)s->name, w[0]))
		return 0;
	return luo_call(dev, LIVEUPDATE_ADMIN_DISCARD_SESSION, &args);
}

static int do_discard(char **w)
{
	return each_session(discard_session, w);
}

static int do_status(char **w)
{
	struct liveupdate_admin_get_status s = { .size = sizeof(s) };
	int dev = open(LUO_ADMIN, O_RDWR | O_CLOEXEC);
	int err = dev < 0 ? -errno : luo_call(dev, LIVEUPDATE_ADMIN_GET_STATUS, &s);

	if (!err)
		fprintf(out, "created %llu pending %llu held %llu forwarded %llu\n", s.created,
			s.pending, s.held, s.forwarded);
	close(dev);
	return err;
}

static int do_fill(char **w)
{
	unsigned long long token = strtoull(w[1], NULL, 0), nr = strtoull(w[2], NULL, 0);
	char name[16];
	int fd, err;

	for (; nr; nr--, token++) {
		snprintf(name, sizeof(name), "n%llu", token);
		fd = test_file(w[3][0], name);
		if (fd < 0)
			return fd;
		err = luo_preserve_fd(fd_of(w[0]), fd, token);
		close(fd);
		if (err)
			return err;
	}
	return 0;
}

static int do_kexec(char **w)
{
	return reboot(RB_KEXEC) ? -errno : 0;
}

static const struct {
	const char *verb;
	int words;
	int (*run)(char **w);
} commands[] = {
	{ "open",		0, do_open },
	{ "close-device",	0, do_close_device },
	{ "create",		1, do_create },
	{ "retrieve",		1, do_retrieve },
	{ "make",		3, do_make },
	{ "device",		2, do_device },
	{ "read",		1, do_read },
	{ "preserve",		3, do_preserve },
	{ "take",		3, do_take },
	{ "finish",		1, do_finish },
	{ "name",		1, do_name },
	{ "check",		1, do_check },
	{ "close",		1, do_close },
	{ "hold",		0, do_hold },
	{ "discard",		1, do_discard },
	{ "sessions",		0, do_sessions },
	{ "files",		1, do_files },
	{ "status",		0, do_status },
	{ "fill",		4, do_fill },
	{ "kexec",		0, do_kexec },
};

static int run(char *text)
{
	char *words[MAX_WORDS + 1] = { NULL };
	unsigned int i;
	int nr = 0;

	while (nr < MAX_WORDS && (words[nr] = strsep(&text, "\n")))
		nr++;
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (nr > commands[i].words && !strcmp(words[0], commands[i].verb))
			return commands[i].run(words + 1);
	}
	return -ENOSYS;
}

static struct sockaddr_un address(const char *agent)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	snprintf(sun.sun_path, sizeof(sun.sun_path), "/tmp/luo-%s", agent);
	return sun;
}

static void serve(int fd)
{
	char text[512];
	ssize_t len = read(fd, text, sizeof(text) - 1);
	int err;

	if (len <= 0) {
		close(fd);
		return;
	}
	text[len] = '\0';
	out = fdopen(fd, "r+");
	err = run(text);
	fprintf(out, "%s\n", err ? strerrorname_np(-err) : "OK");
	fclose(out);
}

static int agent(const char *name)
{
	struct sockaddr_un sun = address(name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	signal(SIGPIPE, SIG_IGN);
	unlink(sun.sun_path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) || listen(fd, 16)) {
		perror(sun.sun_path);
		return 1;
	}
	/* Whoever started us may go on as soon as there is somebody to talk to. */
	if (daemon(0, 0))
		return 1;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "/tmp/luo-%s.pid", name);
	out = fopen(sun.sun_path, "we");
	fprintf(out, "%d\n", getpid());
	fclose(out);
	for (;;) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (client >= 0)
			serve(client);
	}
}

/*
 * The client
 */

static int tell(const char *name, char **words, int nr)
{
	struct sockaddr_un sun = address(name);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), i;
	char text[512] = "", line[512], last[512] = "";
	FILE *in;

	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun))) {
		perror(sun.sun_path);
		return 2;
	}
	for (i = 0; i < nr; i++) {
		if (i)
			strcat(text, "\n");
		strncat(text, words[i], sizeof(text) - strlen(text) - 2);
	}
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return 2;
	in = fdopen(fd, "r");
	/* All but the last line are the answer. */
	while (fgets(line, sizeof(line), in)) {
		fputs(last, stdout);
		strcpy(last, line);
	}
	if (!strcmp(last, "OK\n"))
		return 0;
	fputs(last[0] ? last : "the agent is gone\n", stdout);
	return 1;
}

/*
 * The state of live update
 */

static int watch(void)
{
	struct pollfd poll_state = {
		.fd = open("/sys/kernel/liveupdate/state", O_RDONLY | O_CLOEXEC),
		.events = POLLPRI,
	};
	char text[32];
	ssize_t len;

	do {
		len = pread(poll_state.fd, text, sizeof(text), 0);
		if (len <= 0)
			break;
		printf("%.*s", (int)len, text);
		fflush(stdout);
	} while (poll(&poll_state, 1, -1) == 1);
	perror("/sys/kernel/liveupdate/state");
	return 1;
}

int main(int argc, char **argv)
{
	const char *name = "main";

	if (argc == 2 && !strcmp(argv[1], "watch"))
		return watch();

	if (argc == 3 && !strcmp(argv[1], "agent"))
		return agent(argv[2]);
	if (argc > 3 && !strcmp(argv[1], "-a")) {
		name = argv[2];
		argc -= 2;
		argv += 2;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: luo agent NAME | luo [-a NAME] COMMAND...\n");
		return 2;
	}
	return tell(name, argv + 1, argc - 1);
}
