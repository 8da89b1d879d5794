/* fd_stream_test.c: descriptors as sources and sinks: files, pipes, what cannot be read or written. */
#include <fcntl.h>
#include <salesforce/stream.h>
#include <unistd.h>
#include "support/support.h"

static int open_file(const char *text)
{
    char path[] = "/tmp/fd-stream-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* Everything that the source gives, in pieces of at most cap bytes. */
static void assert_gives(const sf_source *s, size_t cap, const char *want)
{
    char got[200];
    size_t len = 0, n = 1;
    sf_error err = { 0 };
    while (n > 0) { /* ends: at the source's end */
        assert_true(len + cap < sizeof got);
        assert_int_equal(s->read(s->user, got + len, cap, &n, &err), SF_OK);
        assert_true(n <= cap);
        len += n;
    }
    got[len] = '\0';
    assert_string_equal(got, want);
}

static void test_fd_stream__a_file_is_known_and_read_again(void **state)
{
    (void)state;
    sf_source s;
    sf_error err = { 0 };
    int fd = open_file("hello, file");
    assert_int_equal(sf_source_of_fd(fd, &s, &err), SF_OK);
    assert_int_equal(s.length, 11);
    assert_gives(&s, 3, "hello, file");
    assert_gives(&s, 3, ""); /* an end is an end */
    assert_int_equal(s.rewind(s.user, &err), SF_OK);
    assert_gives(&s, 100, "hello, file");
    assert_int_equal(lseek(fd, 7, SEEK_SET), 7);
    assert_int_equal(sf_source_of_fd(fd, &s, &err), SF_OK);
    assert_int_equal(s.length, 4);
    assert_null(s.rewind); /* it would not know where to */
    assert_gives(&s, 100, "file");
    assert_int_equal(lseek(fd, 100, SEEK_SET), 100);
    assert_int_equal(sf_source_of_fd(fd, &s, &err), SF_OK);
    assert_int_equal(s.length, 0);
    close(fd);
}

static void test_fd_stream__a_pipe_is_read_once(void **state)
{
    (void)state;
    int ends[2];
    sf_source s;
    sf_sink sink;
    sf_error err = { 0 };
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0); /* waited for all the same */
    assert_int_equal(sf_source_of_fd(ends[0], &s, &err), SF_OK);
    assert_int_equal(sf_sink_of_fd(ends[1], &sink, &err), SF_OK);
    assert_int_equal(s.length, SF_NONE);
    assert_null(s.rewind);
    assert_null(sink.restart);
    assert_int_equal(sink.write(sink.user, "through a pipe", 14, &err), SF_OK);
    close(ends[1]);
    assert_gives(&s, 4, "through a pipe");
    close(ends[0]);
}

static void test_fd_stream__what_fails_is_named(void **state)
{
    (void)state;
    sf_source s = { .length = 77 };
    sf_sink sink;
    sf_error err = { 0 };
    size_t n;
    char byte;
    int dir = open("/tmp", O_RDONLY);
    assert_int_equal(sf_source_of_fd(dir, &s, &err), SF_ERR_IO);
    assert_non_null(strstr(err.message, "directory"));
    close(dir);
    assert_int_equal(sf_source_of_fd(dir, &s, &err), SF_ERR_IO); /* closed */
    assert_int_equal(sf_source_of_fd(-1, &s, &err), SF_ERR_USAGE);
    assert_int_equal(sf_source_of_fd(0, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_sink_of_fd(-1, &sink, &err), SF_ERR_USAGE);
    assert_int_equal(sf_sink_of_fd(1, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(s.length, 77); /* failures leave it alone */
    int full = open("/dev/full", O_WRONLY);
    if (full >= 0) {
        assert_int_equal(sf_sink_of_fd(full, &sink, &err), SF_OK);
        assert_int_equal(sink.write(sink.user, "x", 1, &err), SF_ERR_IO);
        assert_non_null(strstr(err.message, "No space left"));
        assert_int_equal(sf_source_of_fd(full, &s, &err), SF_OK); /* found out when it is read */
        assert_int_equal(s.read(s.user, &byte, 1, &n, &err), SF_ERR_IO);
        close(full);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fd_stream__a_file_is_known_and_read_again),
        cmocka_unit_test(test_fd_stream__a_pipe_is_read_once),
        cmocka_unit_test(test_fd_stream__what_fails_is_named),
    };
    return cmocka_run_group_tests_name("base.fd_stream", tests, NULL, NULL);
}
