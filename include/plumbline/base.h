/* SPDX-License-Identifier: Apache-2.0
 *
 * Status codes, diagnostics, the allocator and log callbacks, CPU levels.
 *
 * Rules that hold for every header of Plumbline, stated once:
 *
 * - No globals, no thread-local state, no environment, no printing, no abort.
 *   Functions whose name ends in _create allocate; run functions do not, unless
 *   their comment says that a growing buffer may be enlarged.
 * - A *_destroy function takes the address of the handle, accepts NULL and the
 *   address of NULL, and sets the handle to NULL.
 * - X_name gives the word that cards and the command line use for a value, static and
 *   never NULL ("?" for an unknown value); X_parse is its inverse: false, and nothing
 *   written, for an unknown word.
 * - Option structs begin with `struct_size` and are initialised with their _INIT
 *   macro; a struct from an older, smaller header is accepted and the missing tail
 *   has its default. Descriptors need to live only until the call returns.
 * - A NULL handle or array is PLUMB_E_ARGUMENT to functions that return a status. Those
 *   that return a value, such as X_count, take what they are given as valid.
 * - Callers own pixels, tensors and arrays; the library borrows them for the call.
 * - Rectangles are half-open, in continuous coordinates; pixel (0,0) covers
 *   [0,1) x [0,1), so pixel centres lie at +0.5.
 * - An optional `plumb_diag *diag` may be NULL. On an error it names the field and
 *   the reason; on success it is left untouched.
 *
 * Next: geometry.h.
 */
#ifndef PLUMBLINE_BASE_H
#define PLUMBLINE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plumbline/version.h"

#if defined(_WIN32)
#define PLUMB_API
#elif defined(__GNUC__) || defined(__clang__)
#define PLUMB_API __attribute__((visibility("default")))
#else
#define PLUMB_API
#endif

#if defined(__GNUC__) || defined(__clang__)
#define PLUMB_NODISCARD __attribute__((warn_unused_result))
#else
#define PLUMB_NODISCARD
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Zero is success. Library errors are negative and grouped in classes of one hundred,
 * so a caller may switch on the class with PLUMB_STATUS_CLASS(). A detector callback
 * may return any other non-zero value; the pipeline passes it through unchanged. */
typedef int32_t plumb_status;

enum {
    PLUMB_OK = 0,

    /* Caller's argument. */
    PLUMB_E_ARGUMENT = -101, /* NULL, out of range, or fields that contradict each other */
    PLUMB_E_SIZE = -102,     /* a width, height or count that is zero, negative or too large */
    PLUMB_E_STRIDE = -103,   /* a stride that overlaps rows or overflows */
    PLUMB_E_BUFFER = -104,   /* memory shorter than its shape and strides need */
    PLUMB_E_SHAPE = -105,    /* a tensor whose rank or shape does not fit */
    PLUMB_E_DTYPE = -106,    /* an element type that does not fit */
    PLUMB_E_SPACE = -107,    /* boxes in another space than asked for: mapped twice or not at all */
    PLUMB_E_CAPACITY = -108, /* the caller's array is too small; the count needed is reported */

    /* Malformed data. */
    PLUMB_E_TRUNCATED = -201, /* data ends early */
    PLUMB_E_CORRUPT = -202,   /* data contradicts itself */
    PLUMB_E_SYNTAX = -203,    /* not valid JSON, or a header that does not parse */
    PLUMB_E_KEY = -204,       /* unknown, duplicate or missing key */
    PLUMB_E_VALUE = -205,     /* a value of the wrong type or out of range */
    PLUMB_E_NONFINITE = -206, /* NaN or infinity where a number is needed */

    /* Not supported. */
    PLUMB_E_UNSUPPORTED = -301, /* known, but this combination is not offered */
    PLUMB_E_DISABLED = -302,    /* left out of this build by an option */

    /* Resources. */
    PLUMB_E_NOMEM = -401, /* the allocator returned NULL */
    PLUMB_E_LIMIT = -402, /* a stated limit would be passed */

    /* Outside world. */
    PLUMB_E_IO = -501,      /* a file could not be read or written */
    PLUMB_E_BACKEND = -502, /* a detector failed without a code of its own */
};

/* 1 for -1xx, 2 for -2xx and so on; 0 for PLUMB_OK and for foreign codes above zero. */
#define PLUMB_STATUS_CLASS(status) ((status) < 0 ? -(status) / 100 : 0)

/* Short text of a code: lower case, static, never NULL. Foreign codes give
 * "detector error". Thread-safe. */
PLUMB_API const char *plumb_status_text(plumb_status status);

/* The version of the library that is loaded, PLUMB_VERSION_NUMBER of its build. */
PLUMB_API uint32_t plumb_version(void);

/* What went wrong, where. Caller-owned; fill with zeros before first use. */
typedef struct plumb_diag {
    plumb_status status;
    uint32_t line;     /* 1-based line in a card or frame file, 0 where there is none */
    uint32_t column;   /* 1-based byte column, 0 where there is none */
    char field[96];    /* path of the field, e.g. "planes[1].row_stride"; may be empty */
    char message[256]; /* what was found and what was expected, one line */
} plumb_diag;

/* Memory. `allocate` returns NULL on failure; the result is aligned to `alignment`, a
 * power of two of at most 64. `release` accepts NULL. Both may be called from any thread
 * that calls the library, and only from there. */
typedef struct plumb_allocator {
    void *user;
    void *(*allocate)(void *user, size_t size, size_t alignment);
    void (*release)(void *user, void *memory);
} plumb_allocator;

typedef enum plumb_log_level {
    PLUMB_LOG_ERROR = 1,
    PLUMB_LOG_WARNING = 2,
    PLUMB_LOG_INFO = 3,
} plumb_log_level;

/* Instruction sets a plan may use. The result is the same for every value: the C kernels
 * define it. AUTO takes what the CPU has. */
enum {
    PLUMB_CPU_AUTO = 0,
    PLUMB_CPU_NONE = 1 << 0, /* C only */
    PLUMB_CPU_SSE2 = 1 << 1,
    PLUMB_CPU_AVX2 = 1 << 2,   /* with FMA and F16C */
    PLUMB_CPU_AVX512 = 1 << 3, /* F, BW, VL, VNNI */
    PLUMB_CPU_NEON = 1 << 4,
    PLUMB_CPU_AVX512_VBMI = 1 << 5, /* besides AVX512 */
};

/* What every create function takes; NULL stands for PLUMB_CONTEXT_INIT. It is copied, so
 * it needs to live only until the call returns, but `user` pointers must outlive the
 * handles made with it. */
typedef struct plumb_context {
    uint32_t struct_size;
    uint32_t cpu;              /* PLUMB_CPU_* bits; 0 = PLUMB_CPU_AUTO */
    plumb_allocator allocator; /* allocate == NULL: malloc and free */
    void *log_user;
    void (*log)(void *log_user, plumb_log_level level, const char *message); /* may be NULL */
} plumb_context;

/* clang-format off */
#define PLUMB_CONTEXT_INIT { sizeof(plumb_context), PLUMB_CPU_AUTO, { NULL, NULL, NULL }, NULL, NULL }
/* clang-format on */

/* The PLUMB_CPU_* bits that `context` allows and this machine has; PLUMB_CPU_NONE where
 * only C is left. Thread-safe. */
PLUMB_API uint32_t plumb_cpu_detect(const plumb_context *context);

#ifdef __cplusplus
}
#endif

#endif
