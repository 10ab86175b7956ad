/* SPDX-License-Identifier: Apache-2.0
 *
 * The exponential function and what is made of it. The invariant: the same bits on every CPU,
 * because nothing but IEEE additions, multiplications and divisions of doubles in a fixed order is
 * used, and libm is not.
 */
#ifndef PLUMB_KERNELS_ACTIVATION_H
#define PLUMB_KERNELS_ACTIVATION_H

/* e^x with a relative error below 1e-14; 0 below -690, infinity above 709.78, NaN for NaN. */
double plumb_exp(double x);

/* 1 / (1 + e^-x), rounded once to float: an error of at most 1 ulp. */
float plumb_sigmoid(float x);

#endif
