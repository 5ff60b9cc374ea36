# Compiles the text files of share/ that a room needs into it: share(ROOM NAMESPACE HEADER FUNCTION files...)
# defines `std::span<const std::string_view> NAMESPACE::FUNCTION()`, declared in HEADER.
function(share room namespace header function)
  set(texts "")
  foreach(file ${ARGN})
    file(READ ${file} text)
    string(APPEND texts "    R\"share(${text})share\",\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()
  set(source ${CMAKE_BINARY_DIR}/share/${function}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"#include \"@header@\"

namespace @namespace@ {

namespace {

constexpr std::string_view texts[] = {
@texts@};

}  // namespace

std::span<const std::string_view> @function@() {
  return texts;
}

}  // namespace @namespace@
")
  target_sources(shieldwall_${room} PRIVATE ${source})
endfunction()
