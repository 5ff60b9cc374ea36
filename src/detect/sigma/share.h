#pragma once
// The files of share/sigma, compiled in by CMake.

#include <span>
#include <string_view>

namespace shieldwall::detect::sigma {

std::span<const std::string_view> shared_log_sources();

}  // namespace shieldwall::detect::sigma
