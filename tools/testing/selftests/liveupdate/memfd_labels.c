// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what with a memfd: access control lists, and labels of Smack
 *
 *	memfd_labels send	make them, preserve them, change them, wait
 *	memfd_labels receive	in a kernel that has both: are they as they were?  Pass
 *				one on, wait
 *	memfd_labels late	in one that has no attributes: there it is
 *	memfd_labels neither	in one that has neither, only attributes: pass one on, wait
 *	memfd_labels bare	in one that has no attributes
 *	memfd_labels torn	make and preserve one with a list, wait
 *	memfd_labels mended	its mode was damaged on the way: is it that of the list?
 */
#define _GNU_SOURCE
#include <sys/wait.h>

#include "acl.h"

#define SESSION		"labels"
#define COMES		"labels that come through"
#define GOES		"labels that go on"
#define AGAIN		"labels that go on once more"
#define LABEL		"security.SMACK64"
#define CURRENT		"/proc/self/attr/current"

/* Tokens */
enum { WITH_ACL, GIVEN, INHERITED, THROUGH, BARE };

static int dev;

static void set_label(int fd, const char *label)
{
	must(LABEL, fsetxattr(fd, LABEL, label, strlen(label), 0));
}

static void label_is(const char *subject, int fd, const char *want)
{
	char label[256] = "";

	must(LABEL, fgetxattr(fd, LABEL, label, sizeof(label) - 1));
	is_text(subject, "label", label, want);
}

static mode_t mode_of(int fd)
{
	struct stat st;

	must("fstat", fstat(fd, &st));
	return st.st_mode & 07777;
}

/* Preserves a file; then it is changed. */
static int preserved(int session, const char *name, uint64_t token)
{
	int fd = make_memfd(name, 0, PAGE);

	must(name, put(fd, token, 0, PAGE));
	is(name, "preserve", luo_preserve_fd(session, fd, token), 0);
	return fd;
}

static void send_all(char **words)
{
	int session = must("session", luo_create(dev, SESSION)), fd;

	fd = preserved(session, "ACL", WITH_ACL);
	is("ACL", "set it", err_of(set_acl(fd, 1000)), 0);
	is("ACL", "change it", err_of(set_acl(fd, 2000)), 0);
	is("ACL", "mode", mode_of(fd), 0660);

	fd = preserved(session, "label that was set", GIVEN);
	set_label(fd, "Other");
	set_label(fd, "Given");
	label_is("label that was set", fd, "Given");

	/* It is that of whoever makes the file. */
	write_text(CURRENT, "Maker");
	fd = preserved(session, "label that nobody set", INHERITED);
	label_is("label that nobody set", fd, "Maker");
	preserved(session, "regression_label_refused", BARE);
	preserved(must("session", luo_create(dev, COMES)), "label that comes through", THROUGH);
	close(dev);
	wait_for_the_end();
}

static int taken(int session, const char *name, uint64_t token)
{
	int fd = luo_retrieve_fd(session, token);

	is(name, "retrieve", fd < 0 ? fd : 0, 0);
	is(name, "contents", bad_pages(fd, token, 0, PAGE), 0);
	return fd;
}

/* Who may not have the file does not get it, even of a session that he has. */
static int as_stranger(int session, uint64_t token)
{
	int status, fd;
	pid_t child = fork();

	if (!child) {
		write_text(CURRENT, "Stranger");
		fd = set_capability(CAP_MAC_OVERRIDE, false);
		_exit(fd ? fd : luo_retrieve_fd(session, token) == -EACCES);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static void pass_on(int fd)
{
	int session = must("session", luo_create(dev, AGAIN));

	is("label that goes on once more", "preserve", luo_preserve_fd(session, fd, INHERITED),
	   0);
	close(dev);
	wait_for_the_end();
}

static void receive(char **words)
{
	int session = must("session", luo_retrieve(dev, SESSION)), fd;

	fd = taken(session, "ACL", WITH_ACL);
	is("ACL", "it is the last one", acl_is(fd, 2000), true);
	is("ACL", "mode", mode_of(fd), 0660);
	is("ACL", "follows the mode", err_of(fchmod(fd, 0600)), 0);
	is("ACL", "and is another one then", acl_is(fd, 2000), false);
	label_is("label that was set", taken(session, "label that was set", GIVEN), "Given");
	is("regression_label_unchecked", "refused", as_stranger(session, INHERITED), true);
	fd = taken(session, "label that nobody set", INHERITED);
	label_is("label that nobody set", fd, "Maker");
	is("regression_label_unchecked", "refused again", as_stranger(session, INHERITED), true);
	is("labels", "finish", luo_finish(session), 0);
	session = must("session", luo_retrieve(dev, GOES));
	label_is("label that came through", taken(session, "label that came through", THROUGH),
		 "Maker");
	is("labels that came through", "finish", luo_finish(session), 0);
	pass_on(fd);
}

/* It is still one that nobody set. */
static void late(char **words)
{
	int session = must("session", luo_retrieve(dev, AGAIN));

	taken(session, "regression_label_became_set", INHERITED);
	is("regression_label_became_set", "finish", luo_finish(session), 0);
}

/* Nothing is lost: what cannot be here waits for a kernel that has it. */
static void neither(char **words)
{
	int session = must("session", luo_retrieve(dev, SESSION)), fd;

	is("ACL", "where there is none", luo_retrieve_fd(session, WITH_ACL), -EAGAIN);
	is("ACL", "again", luo_retrieve_fd(session, WITH_ACL), -EAGAIN);
	session = must("session", luo_retrieve(dev, COMES));
	fd = taken(session, "label that comes through", THROUGH);
	label_is("label that comes through", fd, "Maker");
	is("label that comes through", "finish", luo_finish(session), 0);
	session = must("session", luo_create(dev, GOES));
	is("label that goes on", "preserve", luo_preserve_fd(session, fd, THROUGH), 0);
	close(dev);
	wait_for_the_end();
}

/* Nobody set it: that there are no labels is no reason to refuse the file. */
static void bare(char **words)
{
	int session = must("session", luo_retrieve(dev, SESSION)), fd;

	is("label that was set", "where there is none", luo_retrieve_fd(session, GIVEN), -EAGAIN);
	fd = taken(session, "regression_label_refused", BARE);
	is("regression_label_refused", "it has none",
	   err_of(fsetxattr(fd, LABEL, "x", 1, 0)), -EOPNOTSUPP);
}

static void torn(char **words)
{
	int session = must("session", luo_create(dev, SESSION)), fd;

	fd = make_memfd("torn", 0, PAGE);
	must("torn", put(fd, WITH_ACL, 0, PAGE));
	is("torn", "set-group-ID", err_of(fchmod(fd, 02600)), 0);
	is("torn", "set an ACL", err_of(set_acl(fd, 1000)), 0);
	is("torn", "preserve", luo_preserve_fd(session, fd, WITH_ACL), 0);
	close(dev);
	wait_for_the_end();
}

static void mended(char **words)
{
	int session = must("session", luo_retrieve(dev, SESSION)), fd;

	fd = taken(session, "regression_torn_mode", WITH_ACL);
	is("regression_torn_mode", "ACL", acl_is(fd, 1000), true);
	is("regression_torn_mode", "mode, and what no ACL is about", mode_of(fd), 02660);
	is("regression_torn_mode", "finish", luo_finish(session), 0);
}

static const struct command commands[] = {
	{ "send", 0, send_all }, { "receive", 0, receive }, { "neither", 0, neither },
	{ "bare", 0, bare }, { "late", 0, late }, { "torn", 0, torn }, { "mended", 0, mended }, { }
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = open_luo();
	return run_command(argc, argv, commands);
}
