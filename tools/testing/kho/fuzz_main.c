// SPDX-License-Identifier: GPL-2.0-only
/*
 * One fuzzer: a target with libFuzzer, or with random changes of our own.
 */
#include <stdarg.h>

#include "fuzz.h"
#include "test.h"

void fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

static const struct fuzz_target *target(void)
{
	const struct fuzz_target *t = fuzz_targets;

	while (strcmp(t->name, FUZZ_TARGET))
		t++;
	return t;
}

#ifdef LIBFUZZER

static void write_seed(const char *name, const void *data, size_t size, void *dir)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/seed-%s", (const char *)dir, name);
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(2);
	}
}

/* Before the corpus is read: the seeds go there. */
int libfuzzer_init(int *argc, char ***argv)
{
	char *dir = getenv("KHO_SEEDS");

	if (dir)
		target()->seeds(write_seed, dir);
	return 0;
}

int libfuzzer_one(const u8 *data, size_t size)
{
	static const struct fuzz_target *t;

	if (!t)
		t = target();
	t->run(data, size);
	return 0;
}

#else

/* usage: PROGRAM SECONDS */
int main(int argc, char **argv)
{
	unsigned int seconds = argc > 1 ? atoi(argv[1]) : 30;

	printf("%lu inputs, blind to coverage\n", fuzz_random(target(), 1, 0, seconds));
	return 0;
}

#endif
