/* What the compiled parts share: arrays of doubles, held while they are worked on. */
#ifndef PKAN_BUFFERS_H
#define PKAN_BUFFERS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__gnu_linux__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

/* From so many rows on other threads may run meanwhile. */
#define MANY_ROWS 64

static int is_doubles(const Py_buffer *view)
{
    return view->ndim >= 1 && view->format != NULL && strcmp(view->format, "d") == 0;
}

static void release(Py_buffer *views, int held)
{
    while (held > 0)
        PyBuffer_Release(&views[--held]);
}

/* Hold contiguous arrays, the last `written` of them to write to; -1 and an exception if not. */
static int hold(PyObject *const *arrays, Py_buffer *views, int count, int written)
{
    for (int i = 0; i < count; i++) {
        int flags = PyBUF_ND | PyBUF_FORMAT | (i >= count - written ? PyBUF_WRITABLE : 0);
        if (PyObject_GetBuffer(arrays[i], &views[i], flags) != 0) {
            release(views, i);
            return -1;
        }
    }
    return 0;
}

#endif
