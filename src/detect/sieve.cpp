#include "detect/sieve.h"

#include "detect/readers/line_forms.h"
#include "detect/readers/quickly.h"
#include "detect/readers/utf8.h"
#include "detect/tables.h"
#include "detect/value_sieve.h"

namespace shieldwall::detect {

struct LineSieve::State {
  explicit State(const Matcher& m) : matcher(m), values(MatcherAccess::tables(matcher)) {}

  const Matcher matcher;
  ValueSieve values;
  const FieldMap* map = nullptr;
  std::unique_ptr<KeyTable> keys;
  std::unique_ptr<LineForms> forms;  // of these keys

  static std::uint32_t meaning_of(const void* context, std::string_view name) {
    return ValueSieve::meaning_of(static_cast<const State*>(context)->map, name);
  }

  void begin(std::string_view block, const FieldMap* next_map) {
    if (!keys || map != next_map) {
      map = next_map;
      keys = std::make_unique<KeyTable>(&meaning_of, this);
      forms = std::make_unique<LineForms>(values.of_interest);
    }
    values.begin(block.data());
  }
};

LineSieve::LineSieve(const Matcher& matcher) : state_(std::make_unique<State>(matcher)) {}
LineSieve::~LineSieve() = default;
LineSieve::LineSieve(LineSieve&&) noexcept = default;

const std::vector<BlockLine>& LineSieve::sifted() const {
  return state_->values.index.lines;
}

const std::vector<BlockLine>& LineSieve::sift(std::string_view block, const FieldMap* map) {
  auto& state = *state_;
  state.begin(block, map);
  auto& index = state.values.index;
  index_block(block, index);
  FormWalk<ValueSieve> walk(block.data(), index, *state.keys, *state.forms, state.values);
  quickly([&] {
    walk.run_all(index.lines, [&](BlockLine& line, bool taken) {
      line.look = !taken || (line.high && !is_utf8(block.substr(line.begin, line.end - line.begin)));
    });
  });
  state.values.candidates.ask([&](std::uint32_t line) { index.lines[line].look = true; });
  return index.lines;
}

}  // namespace shieldwall::detect
