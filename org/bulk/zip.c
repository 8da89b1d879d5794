/* zip.c: see zip.h. Everything is inflated at the start; the central directory says what there is. */
#include "bulk/zip.h"
#include <libdeflate.h>

enum {
    FILES_MAX = 1000,
    FILE_MAX = 10 * 1024 * 1024,
    WHOLE_MAX = 20 * 1024 * 1024, /* inflated, all of them */
    NAME_MAX_BYTES = 512,
    END_SIZE = 22,    /* of the record at the end, without its comment */
    ENTRY_SIZE = 46,  /* of a directory entry, without its texts */
    HEADER_SIZE = 30, /* of what stands before a file */
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8
};

typedef struct file {
    sf_str name; /* in the zip */
    char *data;  /* owned */
    size_t len;
} file;

struct sfo_zip {
    file *files;
    size_t count, whole;
    struct libdeflate_decompressor *inflater;
};

static bool wrong(sfo_fault *f, const char *what)
{
    return sfo_fault_set(f, 400, "InvalidBatch", "Failed to read the zip: %s", what);
}

static uint32_t little(const char *at, int bytes)
{
    uint32_t n = 0;
    for (int i = bytes; i-- > 0;) n = n << 8 | (unsigned char)at[i];
    return n;
}

/* Where the directory's end record stands; SIZE_MAX: nowhere. */
static size_t find_end(sf_str zip)
{
    enum { COMMENT_MAX = 0xffff };
    if (zip.len < END_SIZE) return SIZE_MAX;
    size_t last = zip.len - END_SIZE, first = last > COMMENT_MAX ? last - COMMENT_MAX : 0;
    for (size_t at = last + 1; at-- > first;)
        if (memcmp(zip.ptr + at, "PK\5\6", 4) == 0) return at;
    return SIZE_MAX;
}

static bool inflate_file(sfo_zip *z, sf_str zip, const char *entry, file *out, sfo_fault *f)
{
    uint32_t method = little(entry + 10, 2), crc = little(entry + 16, 4);
    size_t packed = little(entry + 20, 4), size = little(entry + 24, 4), at = little(entry + 42, 4);
    if (little(entry + 8, 2) & 1) return wrong(f, "a file in it is encrypted");
    if (size > FILE_MAX || z->whole + size > WHOLE_MAX) return wrong(f, "its files are too large");
    if (at > zip.len || zip.len - at < HEADER_SIZE || memcmp(zip.ptr + at, "PK\3\4", 4) != 0)
        return wrong(f, "a file is not where its directory says");
    at += HEADER_SIZE + little(zip.ptr + at + 26, 2) + little(zip.ptr + at + 28, 2);
    if (at > zip.len || packed > zip.len - at) return wrong(f, "a file in it is cut short");
    out->data = sfi_alloc(size + 1);
    if (out->data == NULL) return wrong(f, "no memory for it");
    out->len = size;
    z->whole += size;
    bool fine = method == METHOD_STORED && packed == size;
    if (fine)
        memcpy(out->data, zip.ptr + at, size);
    else if (method == METHOD_DEFLATED)
        fine = libdeflate_deflate_decompress(z->inflater, zip.ptr + at, packed, out->data, size, NULL) ==
               LIBDEFLATE_SUCCESS;
    if (!fine || libdeflate_crc32(0, out->data, size) != crc) return wrong(f, "a file in it is damaged");
    out->data[size] = '\0';
    return true;
}

static bool read_directory(sfo_zip *z, sf_str zip, sfo_fault *f)
{
    size_t end = find_end(zip);
    if (end == SIZE_MAX) return wrong(f, "it is no zip");
    size_t count = little(zip.ptr + end + 10, 2), at = little(zip.ptr + end + 16, 4);
    if (count > FILES_MAX) return wrong(f, "it holds more than 1000 files");
    z->files = sfi_calloc_n(count + 1, sizeof *z->files);
    z->inflater = libdeflate_alloc_decompressor();
    if (z->files == NULL || z->inflater == NULL) return wrong(f, "no memory for it");
    for (size_t i = 0; i < count; i++) {
        if (at > end || end - at < ENTRY_SIZE || memcmp(zip.ptr + at, "PK\1\2", 4) != 0)
            return wrong(f, "its directory is damaged");
        const char *entry = zip.ptr + at;
        size_t name = little(entry + 28, 2), more = little(entry + 30, 2) + (size_t)little(entry + 32, 2);
        if (end - at - ENTRY_SIZE < name + more) return wrong(f, "its directory is damaged");
        if (name > NAME_MAX_BYTES) return wrong(f, "a path in it is longer than 512 characters");
        z->files[i].name = (sf_str){ entry + ENTRY_SIZE, name };
        z->count = i + 1;
        if (!inflate_file(z, zip, entry, &z->files[i], f)) return false;
        at += ENTRY_SIZE + name + more;
    }
    return true;
}

bool sfo_zip_new(sf_str data, sfo_zip **out, sfo_fault *f)
{
    *out = NULL;
    sfo_zip *z = sfi_calloc(sizeof *z);
    if (z == NULL) return wrong(f, "no memory for it");
    if (read_directory(z, data, f)) {
        *out = z;
        return true;
    }
    sfo_zip_free(z);
    return false;
}

void sfo_zip_free(sfo_zip *z)
{
    if (z == NULL) return;
    for (size_t i = 0; i < z->count; i++) sfi_free(z->files[i].data);
    sfi_free(z->files);
    libdeflate_free_decompressor(z->inflater);
    sfi_free(z);
}

sf_str sfo_zip_find(const sfo_zip *z, sf_str name)
{
    for (size_t i = 0; i < z->count; i++)
        if (z->files[i].name.len == name.len && memcmp(z->files[i].name.ptr, name.ptr, name.len) == 0)
            return (sf_str){ z->files[i].data, z->files[i].len };
    return (sf_str){ NULL, 0 };
}
