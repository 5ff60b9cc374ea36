#pragma once
// Work on bits, done with the instructions for them where the machine has some.

namespace shieldwall::detect {

#if defined(__x86_64__)

/// `work` with all that it calls and the compiler can see, but for what is marked noinline.
template <typename Work>
__attribute__((target("avx2,bmi,bmi2,popcnt"), flatten, noinline)) void with_bit_instructions(Work& work) {
  work();
}

template <typename Work>
void quickly(Work&& work) {
  static const bool has_them =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  has_them ? with_bit_instructions(work) : work();
}

#else

template <typename Work>
void quickly(Work&& work) {
  work();
}

#endif

}  // namespace shieldwall::detect
