/*
 * nn/simd.h - one binary for every machine: a MULTIVERSION function is compiled for several instruction sets, and the
 * best one for the processor is bound when the program starts. With other compilers and processors, and under
 * AddressSanitizer and ThreadSanitizer (which instrument the resolver), it is an ordinary function.
 */
#ifndef NN_SIMD_H
#define NN_SIMD_H

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MULTIVERSION __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define MULTIVERSION
#endif

#endif
