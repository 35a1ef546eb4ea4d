/*
 * nn/simd.h - one binary for every node: a MULTIVERSION function is compiled for several instruction sets and the right
 * one is bound when the program starts. Elsewhere, and under sanitizers (which instrument the resolver), it is ordinary.
 */
#ifndef NN_SIMD_H
#define NN_SIMD_H

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define MULTIVERSION __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define MULTIVERSION
#endif

#endif
