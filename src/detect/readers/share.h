#pragma once
// The files of share/logs, compiled in by CMake.

#include <span>
#include <string_view>

namespace shieldwall::detect {

std::span<const std::string_view> shared_field_maps();

}  // namespace shieldwall::detect
