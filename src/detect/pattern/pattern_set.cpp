#include "detect/pattern/pattern_set.h"

#include "detect/pattern/pattern_tables.h"

namespace shieldwall::detect {

namespace {

PreparedPattern prepare(PatternCode code, const PatternSetOptions& options) {
  PreparedPattern made{.code = std::move(code), .leaves_of = {}};
  const auto& tree = made.code.tree;
  made.leaves_of.resize(made.code.brackets.size());
  for (std::uint32_t leaf = 0; leaf < tree.leaves.size(); ++leaf)
    for (const auto bracket : tree.leaves[leaf].brackets) made.leaves_of[bracket].push_back(leaf);
  const auto& root = tree.nodes.back();
  const auto& first = tree.leaves.front();
  made.at_once = root.kind == BindNode::Kind::leaf && root.times == 1 && first.start == bind_time_min &&
                 first.stop == bind_time_max;
  made.window_us = root.kind == BindNode::Kind::within ? root.within_us : options.window.us;
  return made;
}

}  // namespace

PatternSet PatternSet::compile(std::vector<PatternSource> sources, const PatternSetOptions& options) {
  auto tables = std::make_shared<PatternTables>();
  tables->options = options;
  for (std::uint32_t number = 0; number < sources.size(); ++number) {
    auto code = PatternCode::compile(sources[number].pattern);
    if (!code) {
      tables->refused.push_back({number, code.error().message});
      tables->patterns.emplace_back();
      continue;
    }
    tables->patterns.push_back(prepare(std::move(*code), options));
    const auto& brackets = tables->patterns.back().code.brackets;
    for (std::uint32_t bracket = 0; bracket < brackets.size(); ++bracket) {
      tables->index.add(brackets[bracket], static_cast<std::uint32_t>(tables->brackets.size()));
      tables->brackets.push_back({number, bracket});
    }
  }
  tables->sources = std::move(sources);
  PatternSet set;
  set.tables_ = std::move(tables);
  return set;
}

const PatternSource& PatternSet::source(std::size_t pattern) const {
  return tables_->sources[pattern];
}

std::size_t PatternSet::size() const {
  return tables_->sources.size();
}

std::span<const PatternRefused> PatternSet::refused() const {
  return tables_->refused;
}

std::size_t PatternSet::indexed() const {
  return tables_->index.indexed();
}

std::size_t PatternSet::scanned() const {
  return tables_->index.scanned();
}

}  // namespace shieldwall::detect
