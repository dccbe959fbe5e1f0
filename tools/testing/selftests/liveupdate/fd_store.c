// SPDX-License-Identifier: GPL-2.0-only
/*
 * A service manager that keeps the file descriptor stores of its services over
 * kexecs, with the calls of systemd 261 and 262 in their order
 *
 *	fd_store STAGE		one boot, from the start to the shutdown: 1, 2, 3
 *
 * What the tokens of session "systemd" mean is in the file with token 0, which
 * is sealed.  A session in a store travels by itself; the manager remembers its
 * name.  In this file it has a line for each descriptor:
 *
 *	SERVICE fd TOKEN
 *	SERVICE session NAME
 */
#define _GNU_SOURCE
#include <sys/vfs.h>

#include <linux/magic.h>

#include "memfd.h"

#define SESSION		"systemd"
#define LINK		"anon_inode:[luo_session] "
#define SEALS		(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define APP_SESSION	"app: a session of its own"
#define MAX_FDS		8

static struct entry {
	char service[16];
	int fd;
} store[MAX_FDS];

static int nr_stored;
static int stage;

static void add(const char *service, int fd)
{
	struct entry *e = &store[nr_stored++];

	snprintf(e->service, sizeof(e->service), "%s", service);
	e->fd = fd;
}

/* The name of a session, or NULL if the descriptor is something else */
static const char *session_name(int fd)
{
	static char link[128];
	char path[32];
	struct statfs fs;

	must("fstatfs", fstatfs(fd, &fs));
	if (fs.f_type != ANON_INODE_FS_MAGIC)
		return NULL;
	memset(link, 0, sizeof(link));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must("readlink", readlink(path, link, sizeof(link) - 1));
	if (strncmp(link, LINK, strlen(LINK)))
		return NULL;
	return link + strlen(LINK);
}

/*
 * Boot
 */

static void restore_line(int dev, int session, char *line)
{
	char service[16], what[16];
	int at = 0, fd;

	if (sscanf(line, "%15s %15s %n", service, what, &at) < 2 || !at) {
		is_text("token 0", "line", line, "SERVICE WHAT VALUE");
		return;
	}
	if (!strcmp(what, "session"))
		fd = luo_retrieve(dev, line + at);
	else
		fd = luo_retrieve_fd(session, strtoull(line + at, NULL, 10));
	is(service, line + at, fd < 0 ? fd : 0, 0);
	if (fd >= 0)
		add(service, fd);
}

static void restore(int dev, int session, int json)
{
	char text[1024] = "", *rest = text, *line;

	is("token 0", "seals", fcntl(json, F_GET_SEALS) & SEALS, SEALS);
	is_more("token 0", "contents", pread(json, text, sizeof(text) - 1, 0), 0);
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			restore_line(dev, session, line);
	}
}

static void boot(void)
{
	int dev = must(LUO_DEVICE, open(LUO_DEVICE, O_RDWR | O_CLOEXEC)), json;
	int session = luo_retrieve(dev, SESSION);

	if (stage == 1) {
		is("first boot", "no session", session, -ENOENT);
		close(dev);
		return;
	}
	is("next boot", "session", session < 0 ? session : 0, 0);
	json = luo_retrieve_fd(session, 0);
	is("token 0", "retrieve", json < 0 ? json : 0, 0);
	if (json >= 0)
		restore(dev, session, json);
	is("a token that is not there", "retrieve", luo_retrieve_fd(session, 99), -ENOENT);
	/* However it went */
	is("next boot", "finish", luo_finish(session), 0);
	close(session);
	close(json);
	close(dev);
}

/*
 * Shutdown: the session stays open until the reboot
 */

static void shut_down(void)
{
	int dev = must(LUO_DEVICE, open(LUO_DEVICE, O_RDWR | O_CLOEXEC)), i, json;
	int session = luo_create(dev, SESSION), token = 0;
	char text[1024] = "", *end = text;

	is("shutdown", "session", session < 0 ? session : 0, 0);
	for (i = 0; i < nr_stored; i++) {
		const char *name = session_name(store[i].fd);

		if (name) {
			end += sprintf(end, "%s session %s\n", store[i].service, name);
			continue;
		}
		token++;
		is(store[i].service, "preserve", luo_preserve_fd(session, store[i].fd, token), 0);
		end += sprintf(end, "%s fd %d\n", store[i].service, token);
	}
	json = make_memfd("luo", MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL, 0);
	must("token 0", write(json, text, end - text));
	must("token 0", fcntl(json, F_ADD_SEALS, SEALS));
	is("token 0", "preserve", luo_preserve_fd(session, json, 0), 0);
	close(json);
	close(dev);
}

/*
 * Services
 */

#define STATE_ID	1
#define LOG_ID		2
#define APP_ID		3

static void start_services(void)
{
	int dev, app, fd;

	fd = make_memfd("state", MFD_ALLOW_SEALING, 0);
	must("state", put(fd, STATE_ID, 0, 5 * PAGE));
	add("state.service", fd);
	fd = make_memfd("log", 0, MIB);
	must("log", put(fd, LOG_ID, 0, PAGE));
	add("log.service", fd);

	/* LUOSession=: a session for a service, which fills it and stores it */
	dev = must(LUO_DEVICE, open(LUO_DEVICE, O_RDWR | O_CLOEXEC));
	app = must("session", luo_create(dev, APP_SESSION));
	close(dev);
	is_text("app.service", "session", session_name(app) ?: "none", APP_SESSION);
	fd = make_memfd("app", 0, 0);
	must("app", put(fd, APP_ID, 0, 2 * PAGE));
	is("app.service", "preserve", luo_preserve_fd(app, fd, 7), 0);
	close(fd);
	add("app.service", app);
}

static int stored(const char *service)
{
	int i;

	for (i = 0; i < nr_stored; i++) {
		if (!strcmp(store[i].service, service))
			return store[i].fd;
	}
	return -1;
}

/* In stage 2 the application does not start: its session stays in its store. */
static void services_go_on(void)
{
	int app = stored("app.service"), fd;

	is("state.service", "contents",
	   bad_pages(stored("state.service"), STATE_ID, 0, 5 * PAGE), 0);
	is("log.service", "contents",
	   bad_pages(stored("log.service"), LOG_ID, 0, (stage - 1) * PAGE), 0);
	is("log.service", "write",
	   put(stored("log.service"), LOG_ID, (stage - 1) * PAGE, PAGE), 0);
	is_text("app.service", "session", session_name(app) ?: "none", APP_SESSION);
	if (stage < 3)
		return;
	fd = luo_retrieve_fd(app, 7);
	is("app.service", "retrieve", fd < 0 ? fd : 0, 0);
	is("app.service", "contents", bad_pages(fd, APP_ID, 0, 2 * PAGE), 0);
	is("app.service", "finish", luo_finish(app), 0);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	stage = argc == 2 ? atoi(argv[1]) : 0;
	if (stage < 1 || stage > 3)
		return 2;
	boot();
	if (stage == 1)
		start_services();
	else
		services_go_on();
	if (stage == 3)
		return 0;
	shut_down();
	printf("ready\n");
	for (;;)
		pause();
}
