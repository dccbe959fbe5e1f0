// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the cases and prints KTAP.
 *
 * usage: PROGRAM [--count | --first N] [PART-OF-A-NAME]
 *
 * --count prints how many cases match, --first says which number the first of
 * them has: run.sh makes one stream of the output of several programs.
 */
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asm/page.h>

#include "test.h"

/* A case that takes longer on the slowest of machines does not end at all. */
#define CASE_SECONDS	300
#define MAX_JOBS	16

struct job {
	char name[96];
	FILE *out;
	pid_t pid;
};

void fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	printf("%s:%d: ", file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	_exit(1);
}

void *guarded(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t room = (size + page - 1) / page * page;
	char *mem = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(mem != MAP_FAILED);
	CHECK(!mprotect(mem + room, page, PROT_NONE));
	return mem + room - size;
}

static void full_name(char *buf, size_t size, const struct kho_suite *s,
		      const struct kho_case *c)
{
	snprintf(buf, size, "%s.%s.%luK", s->name, c->name, PAGE_SIZE >> 10);
}

static void start(struct job *job, const struct kho_case *c)
{
	job->out = tmpfile();
	if (!job->out) {
		perror("tmpfile");
		exit(2);
	}
	fflush(stdout);
	job->pid = fork();
	if (job->pid < 0) {
		perror("fork");
		exit(2);
	}
	if (job->pid)
		return;
	dup2(fileno(job->out), STDOUT_FILENO);
	dup2(fileno(job->out), STDERR_FILENO);
	alarm(CASE_SECONDS);
	c->run();
	/* Not _exit(): the leak check runs at exit. */
	exit(0);
}

static bool finish(struct job *job, unsigned int nr)
{
	char line[1024];
	int status;
	bool ok;

	if (waitpid(job->pid, &status, 0) != job->pid) {
		perror("waitpid");
		exit(2);
	}
	ok = WIFEXITED(status) && !WEXITSTATUS(status);
	rewind(job->out);
	while (fgets(line, sizeof(line), job->out)) {
		line[strcspn(line, "\n")] = '\0';
		printf("# %s\n", line);
	}
	fclose(job->out);
	if (WIFSIGNALED(status))
		printf("# %s\n", WTERMSIG(status) == SIGALRM ? "timed out" :
		       strsignal(WTERMSIG(status)));
	printf("%s %u %s\n", ok ? "ok" : "not ok", nr, job->name);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned int started = 0, finished = 0, first = 1;
	struct job jobs[MAX_JOBS];
	const char *part = "";
	bool count = false, all_ok = true;
	long width = sysconf(_SC_NPROCESSORS_ONLN);
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--count"))
			count = true;
		else if (!strcmp(argv[i], "--first") && i + 1 < argc)
			first = atoi(argv[++i]);
		else
			part = argv[i];
	}
	if (width < 1 || width > MAX_JOBS)
		width = width < 1 ? 1 : MAX_JOBS;

	for (i = 0; kho_suites[i]; i++) {
		const struct kho_case *c;

		for (c = kho_suites[i]->cases; c->name; c++) {
			struct job *job = &jobs[started % width];
			char name[sizeof(job->name)];

			full_name(name, sizeof(name), kho_suites[i], c);
			if (!strstr(name, part))
				continue;
			if (count) {
				started++;
				continue;
			}
			if (started - finished == width) {
				all_ok &= finish(&jobs[finished % width], first + finished);
				finished++;
			}
			memcpy(job->name, name, sizeof(name));
			start(job, c);
			started++;
		}
	}
	if (count) {
		printf("%u\n", started);
		return 0;
	}
	for (; finished < started; finished++)
		all_ok &= finish(&jobs[finished % width], first + finished);
	return !all_ok;
}
