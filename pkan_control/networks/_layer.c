/* One layer of edges in C: Chebyshev polynomials of each input times the layer's coefficients,
 * without ever storing the polynomials. `pkan_control/networks/compiled.py` says what it computes.
 */
#include <math.h>

#include "_buffers.h"

/* x [rows, n_in], coefficients [n_in * nodes, n_out], out [rows, n_out]. */
FOR_EACH_PROCESSOR static void evaluate_rows(
    const double *restrict x, const double *restrict coefficients, double *restrict out,
    Py_ssize_t rows, Py_ssize_t n_in, Py_ssize_t n_out, Py_ssize_t nodes, double scale)
{
    for (Py_ssize_t row = 0; row < rows; row++) {
        const double *factor = coefficients;
        double *sums = out + row * n_out;
        for (Py_ssize_t j = 0; j < n_out; j++)
            sums[j] = 0.0;
        for (Py_ssize_t i = 0; i < n_in; i++) {
            double input = x[row * n_in + i];
            if (scale > 0.0)
                input = 1.0 / (1.0 + exp(input * (-1.0 / scale)));
            double t = 2.0 * input - 1.0;
            /* As the arc cosine of NumPy's version: outside of [0, 1] there is no value. */
            if (!(t >= -1.0 && t <= 1.0))
                t = NAN;
            double now = 1.0, next = t;
            for (Py_ssize_t order = 0; order < nodes; order++) {
                for (Py_ssize_t j = 0; j < n_out; j++)
                    sums[j] += now * factor[j];
                factor += n_out;
                double after = 2.0 * t * next - now;
                now = next;
                next = after;
            }
        }
    }
}

/* Networks, rows of each, and inputs must multiply to the sizes of all three buffers. */
static int fits(
    const Py_buffer *x, const Py_buffer *coefficients, const Py_buffer *out, Py_ssize_t nodes)
{
    if (!is_doubles(x) || !is_doubles(coefficients) || !is_doubles(out))
        return 0;
    if (coefficients->ndim < 2 || nodes < 1)
        return 0;
    Py_ssize_t n_in = x->shape[x->ndim - 1], n_out = out->shape[out->ndim - 1];
    Py_ssize_t networks = 1;
    for (int axis = 0; axis < coefficients->ndim - 2; axis++)
        networks *= coefficients->shape[axis];
    if (n_in < 1 || n_out < 1 || networks < 1)
        return 0;
    if (coefficients->shape[coefficients->ndim - 1] != n_out
        || coefficients->shape[coefficients->ndim - 2] != n_in * nodes)
        return 0;
    Py_ssize_t rows = x->len / (n_in * (Py_ssize_t)sizeof(double));
    return rows % networks == 0 && out->len == rows * n_out * (Py_ssize_t)sizeof(double);
}

static void evaluate_all(
    const Py_buffer *x, const Py_buffer *coefficients, Py_buffer *out, Py_ssize_t nodes,
    double scale)
{
    Py_ssize_t n_in = x->shape[x->ndim - 1], n_out = out->shape[out->ndim - 1];
    Py_ssize_t size = n_in * nodes * n_out;
    Py_ssize_t networks = coefficients->len / (size * (Py_ssize_t)sizeof(double));
    Py_ssize_t rows = x->len / (n_in * (Py_ssize_t)sizeof(double)) / networks;
    for (Py_ssize_t network = 0; network < networks; network++)
        evaluate_rows(
            (const double *)x->buf + network * rows * n_in,
            (const double *)coefficients->buf + network * size,
            (double *)out->buf + network * rows * n_out, rows, n_in, n_out, nodes, scale);
}

static PyObject *evaluate(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    Py_buffer views[3];
    PyObject *result = NULL;
    if (count != 5) {
        PyErr_SetString(PyExc_TypeError, "evaluate takes x, coefficients, out, nodes, scale");
        return NULL;
    }
    Py_ssize_t nodes = PyLong_AsSsize_t(arguments[3]);
    double scale = PyFloat_AsDouble(arguments[4]);
    if (PyErr_Occurred() || hold(arguments, views, 3, 1) != 0)
        return NULL;
    if (!fits(&views[0], &views[1], &views[2], nodes)) {
        PyErr_SetString(PyExc_ValueError, "shapes or types of x, coefficients and out do not fit");
    } else if (views[0].len / (Py_ssize_t)sizeof(double)
               >= MANY_ROWS * views[0].shape[views[0].ndim - 1]) {
        Py_BEGIN_ALLOW_THREADS
        evaluate_all(&views[0], &views[1], &views[2], nodes, scale);
        Py_END_ALLOW_THREADS
        result = Py_NewRef(Py_None);
    } else {
        evaluate_all(&views[0], &views[1], &views[2], nodes, scale);
        result = Py_NewRef(Py_None);
    }
    release(views, 3);
    return result;
}

static PyMethodDef methods[] = {
    {"evaluate", (PyCFunction)(void (*)(void))evaluate, METH_FASTCALL,
     "evaluate(x, coefficients, out, nodes, scale): fill out with the sums of a layer."},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_layer", "One layer of edges in C.", 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__layer(void)
{
    return PyModule_Create(&definition);
}
