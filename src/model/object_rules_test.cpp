#include "model/object_rules.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include <doctest/doctest.h>

using namespace shieldwall;

TEST_CASE("every rule that the source calls advice is among those that can be ignored") {
  const auto known = model::advice_rules();
  const std::regex advice(R"re((?:should\(\s*|starts_with\(prefix\) \? )"([a-z-]+)")re");
  const std::regex open_vocabulary(R"re("([a-z-]+-ov)", "10\.)re");
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SHIELDWALL_SOURCE_DIR "/src/model")) {
    const auto name = entry.path().filename().string();
    if (!name.ends_with(".cpp") || name.ends_with("_test.cpp")) continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const auto source = text.str();
    for (const auto* pattern : {&advice, &open_vocabulary})
      for (std::sregex_iterator hit(source.begin(), source.end(), *pattern), end; hit != end; ++hit) {
        const auto rule = (*hit)[1].str();
        CAPTURE(rule);
        CHECK(std::ranges::binary_search(known, rule));
        ++found;
      }
  }
  CHECK(found >= 45);
}
