/* Quadrotors in free air in C: all physics steps of a control period, each drone for itself.
 * `quadrotor_steps.py` beside it documents what it computes and the order of the numbers.
 */
#include <math.h>

#include "_buffers.h"

enum { STATE = 13, ROTORS = 4, CONDITIONS = 12, CONSTANTS = 29 };

/* Order of what the airframe is, the same for all drones. */
typedef struct {
    double mass, inertia[3], thrust, drag[3], ground, radius, lowest, gravity, dt;
    double mixing[ROTORS * ROTORS];
} Frame;

/* Order of what differs from drone to drone. */
typedef struct {
    double mass, payload, thrust[ROTORS], lag, wind[3], drag, ground;
} Conditions;

static void as_matrix(const double *q, double m[9])
{
    double x = q[0], y = q[1], z = q[2], w = q[3];
    m[0] = 1 - 2 * (y * y + z * z), m[1] = 2 * (x * y - z * w), m[2] = 2 * (x * z + y * w);
    m[3] = 2 * (x * y + z * w), m[4] = 1 - 2 * (x * x + z * z), m[5] = 2 * (y * z - x * w);
    m[6] = 2 * (x * z - y * w), m[7] = 2 * (y * z + x * w), m[8] = 1 - 2 * (x * x + y * y);
}

static void to_world(const double m[9], const double *v, double *out)
{
    for (int i = 0; i < 3; i++)
        out[i] = m[3 * i] * v[0] + m[3 * i + 1] * v[1] + m[3 * i + 2] * v[2];
}

static void to_body(const double m[9], const double *v, double *out)
{
    for (int i = 0; i < 3; i++)
        out[i] = m[i] * v[0] + m[3 + i] * v[1] + m[6 + i] * v[2];
}

/* Turn a quaternion (x, y, z, w) by a rotation vector in the world frame. */
static void turn(double *q, const double *angle)
{
    double half
        = sqrt(angle[0] * angle[0] + angle[1] * angle[1] + angle[2] * angle[2]) / 2;
    double sinc = half < 1e-9 ? 0.5 : sin(half) / (2 * half), w = cos(half);
    double x = angle[0] * sinc, y = angle[1] * sinc, z = angle[2] * sinc;
    double turned[4] = {
        w * q[0] + q[3] * x + (y * q[2] - z * q[1]), w * q[1] + q[3] * y + (z * q[0] - x * q[2]),
        w * q[2] + q[3] * z + (x * q[1] - y * q[0]), w * q[3] - (x * q[0] + y * q[1] + z * q[2])};
    double length = sqrt(turned[0] * turned[0] + turned[1] * turned[1] + turned[2] * turned[2]
                         + turned[3] * turned[3]);
    for (int i = 0; i < 4; i++)
        q[i] = turned[i] / length;
}

/* Force and torque of rotors and air in the body frame. */
static void wrench(const Frame *frame, const Conditions *now, const double *state,
                   const double *speeds, double *force, double *torque)
{
    double mixed[ROTORS] = {0}, total = 0;
    for (int i = 0; i < ROTORS; i++) {
        double thrust = speeds[i] * speeds[i] * (frame->thrust * now->thrust[i]);
        total += speeds[i];
        for (int j = 0; j < ROTORS; j++)
            mixed[j] += thrust * frame->mixing[j * ROTORS + i];
    }
    double lowest = frame->lowest * frame->radius, height = state[2];
    double clear = (height + lowest + fabs(height - lowest)) / 2, near = frame->radius / 4 / clear;
    double slowing = -now->drag * total;
    for (int i = 0; i < 3; i++) {
        force[i] = frame->drag[i] * slowing * state[7 + i];
        torque[i] = mixed[1 + i];
    }
    force[2] += mixed[0] * (1 + frame->ground * now->ground * near * near);
}

/* One physics step of one drone: position, attitude, velocity and rate in the body frame. */
static void advance(const Frame *frame, const Conditions *now, double *state,
                    const double *speeds, double rotation[9])
{
    double force[3], torque[3], pull[3], velocity[3], spin[3], world[3], angle[3];
    double mass = frame->mass * now->mass + now->payload, *rate = state + 10;
    wrench(frame, now, state, speeds, force, torque);
    to_world(rotation, force, pull);
    to_world(rotation, state + 7, velocity);
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        double here = frame->inertia[i] * now->mass;
        double gyration = rate[j] * (frame->inertia[k] * now->mass * rate[k])
            - rate[k] * (frame->inertia[j] * now->mass * rate[j]);
        spin[i] = rate[i] + frame->dt * (torque[i] - gyration) / here;
        pull[i] = (pull[i] + now->wind[i]) / mass - (i == 2 ? frame->gravity : 0);
        velocity[i] += frame->dt * pull[i];
        state[i] += frame->dt * velocity[i];
    }
    to_world(rotation, spin, world);
    for (int i = 0; i < 3; i++)
        angle[i] = frame->dt * world[i];
    turn(state + 3, angle);
    as_matrix(state + 3, rotation);
    to_body(rotation, velocity, state + 7);
    to_body(rotation, world, rate);
}

FOR_EACH_PROCESSOR static void fly_all(const double *frame, const double *conditions,
                                       const double *command, double *state, double *speeds,
                                       Py_ssize_t drones, long steps)
{
    double dt = ((const Frame *)frame)->dt, rotation[9];
    for (Py_ssize_t drone = 0; drone < drones; drone++) {
        const Conditions *now = (const Conditions *)(conditions + drone * CONDITIONS);
        double *own = state + drone * STATE, *turning = speeds + drone * ROTORS;
        as_matrix(own + 3, rotation);
        for (long step = 0; step < steps; step++) {
            for (int i = 0; i < ROTORS; i++)
                turning[i] += (command[drone * ROTORS + i] - turning[i]) * (dt / (dt + now->lag));
            advance((const Frame *)frame, now, own, turning, rotation);
        }
    }
}

static int fits(const Py_buffer *views)
{
    static const int columns[5] = {CONSTANTS, CONDITIONS, ROTORS, STATE, ROTORS};
    Py_ssize_t drones = views[3].len / (STATE * (Py_ssize_t)sizeof(double));
    for (int i = 0; i < 5; i++) {
        Py_ssize_t rows = i == 0 ? 1 : drones;
        if (!is_doubles(&views[i])
            || views[i].len != rows * columns[i] * (Py_ssize_t)sizeof(double))
            return 0;
    }
    return 1;
}

static PyObject *fly(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    Py_buffer views[5];
    PyObject *result = NULL;
    if (count != 6) {
        PyErr_SetString(
            PyExc_TypeError, "fly takes frame, conditions, command, state, speeds, steps");
        return NULL;
    }
    long steps = PyLong_AsLong(arguments[5]);
    if (PyErr_Occurred() || hold(arguments, views, 5, 2) != 0)
        return NULL;
    if (!fits(views)) {
        PyErr_SetString(PyExc_ValueError, "shapes or types of the drones' arrays do not fit");
    } else {
        Py_ssize_t drones = views[3].len / (STATE * (Py_ssize_t)sizeof(double));
        Py_BEGIN_ALLOW_THREADS
        fly_all(views[0].buf, views[1].buf, views[2].buf, views[3].buf, views[4].buf, drones,
                steps);
        Py_END_ALLOW_THREADS
        result = Py_NewRef(Py_None);
    }
    release(views, 5);
    return result;
}

static PyMethodDef methods[] = {
    {"fly", (PyCFunction)(void (*)(void))fly, METH_FASTCALL,
     "fly(frame, conditions, command, state, speeds, steps): advance state and speeds in place."},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_quadrotor", "Quadrotors in C.", 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__quadrotor(void)
{
    return PyModule_Create(&definition);
}
