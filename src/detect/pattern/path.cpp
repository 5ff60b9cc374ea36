#include <algorithm>

#include "detect/pattern/comparison.h"

namespace shieldwall::detect {

using Kind = model::PatternStep::Kind;

PathCode::PathCode(model::ObjectPath path) : path_(std::move(path)) {
  bool reference = false;
  for (const auto& step : path_.steps) {
    through_reference_.push_back(reference && step.kind == Kind::name);
    if (step.kind == Kind::name) reference = step.name.ends_with("_ref") || step.name.ends_with("_refs");
  }
  const auto& last = path_.steps.back();
  if (last.kind == Kind::name && last.name.ends_with("_hex")) coding_ = Coding::hex;
  if (last.kind == Kind::name && last.name.ends_with("_bin")) coding_ = Coding::base64;
}

void PathCode::take_step(const Observation& in, std::size_t step, std::vector<ValueId>& values) const {
  const auto& what = path_.steps[step];
  const auto count = values.size();
  for (std::size_t i = 0; i < count; ++i) {
    auto from = values[i];
    if (what.kind == Kind::name) {
      if (through_reference_[step] && in[from].type == ObservedType::text)
        from = in.object_named(in.text_of(in[from]));
      if (from == 0) continue;
      if (const auto found = in.member(from, what.name); found != 0) values.push_back(found);
    } else if (in[from].type == ObservedType::list) {
      std::int64_t position = 0;
      for (auto at = in[from].first_child; at != 0; at = in[at].next, ++position)
        if (what.kind == Kind::any || position == what.index) values.push_back(at);
    }
  }
  values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
  if (values.size() > 1) {  // references may lead to one object in many ways, and again from there
    std::ranges::sort(values);
    values.erase(std::ranges::unique(values).begin(), values.end());
  }
}

void PathCode::select(const Observation& in, ValueId object, std::vector<ValueId>& found) const {
  found.assign(1, object);
  for (std::size_t step = 0; step < path_.steps.size() && !found.empty(); ++step) take_step(in, step, found);
}

}  // namespace shieldwall::detect
