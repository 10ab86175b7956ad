/* SPDX-License-Identifier: Apache-2.0
 *
 * Version of the Plumbline API. Meson reads these lines, so they are the only
 * place that states a version. The log below has one line for each change that
 * a caller can notice; the soname is libplumbline.so.MAJOR.
 *
 * 0.1  first public API
 */
#ifndef PLUMBLINE_VERSION_H
#define PLUMBLINE_VERSION_H

#define PLUMB_VERSION_MAJOR 0
#define PLUMB_VERSION_MINOR 1
#define PLUMB_VERSION_PATCH 0

#define PLUMB_VERSION_NUMBER                                                                       \
    (PLUMB_VERSION_MAJOR * 10000 + PLUMB_VERSION_MINOR * 100 + PLUMB_VERSION_PATCH)

#endif
