#include "policy/redact.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "model/json.h"
#include "policy/json_path.h"

namespace shieldwall::policy {
namespace {

using model::Json;
using model::JsonDocument;
using model::JsonKind;

/// Without these an object is another one, or says less than its author about who may read it.
constexpr std::string_view kept_properties[] = {
    "id", "type", "spec_version", "created", "modified", "object_marking_refs", "granular_markings"};

/// One object being redacted. Values are known by the offset of their first byte.
class Redaction {
 public:
  explicit Redaction(Json root) : root_(root), paths_(root) {}

  Done cut_selector(std::string_view selector) { return cut(paths_.at_selector(selector), selector); }
  Done cut_pointer(std::string_view pointer) { return cut(paths_.at_pointer(pointer), pointer); }

  void replace(const Json& value, std::string text) { replaced_[value.offset()] = std::move(text); }

  /// Lets granular markings follow their targets. Call it when all cuts are made.
  void adjust_markings() {
    const auto markings = root_.find("granular_markings");
    if (!markings) return;
    for (const Json marking : *markings) {
      const auto selectors = marking.find("selectors");
      if (!selectors) continue;
      std::size_t left = 0;
      for (const Json selector : *selectors) left += adjust_selector(selector) ? 1 : 0;
      if (left == 0) cut_.insert(marking.offset());
    }
    survives_.clear();  // cuts were made inside the markings
  }

  Result<Bytes> text() const {
    if (!survives(root_)) return fail(ErrorCode::invalid, "nothing of the object is left");
    Bytes out;
    out.reserve(root_.raw().size());
    write(root_, out);
    return out;
  }

 private:
  Done cut(const std::optional<JsonPath>& path, std::string_view name) {
    if (!path || path->empty())
      return fail(ErrorCode::invalid, "{}: names nothing in the object", excerpt(name));
    for (const std::string_view kept : kept_properties)
      if (const auto value = root_.find(kept); value && value->offset() == path->front().offset())
        return fail(ErrorCode::invalid, "{}: the rest of the object needs it", excerpt(name));
    cut_.insert(path->back().offset());
    return {};
  }

  bool is_touched(const Json& value) const {
    const std::size_t begin = value.offset();
    const std::size_t end = begin + value.raw().size();
    const auto is_inside = [&](auto found, auto none, auto offset) {
      return found != none && offset(found) < end;
    };
    return is_inside(cut_.lower_bound(begin), cut_.end(), [](auto found) { return *found; }) ||
           is_inside(replaced_.lower_bound(begin), replaced_.end(), [](auto found) { return found->first; });
  }

  /// False for what was cut and for what held something and lost all of it.
  bool survives(const Json& value) const {
    if (cut_.contains(value.offset())) return false;
    if (value.size() == 0 || !is_touched(value)) return true;
    const auto known = survives_.find(value.offset());
    if (known != survives_.end()) return known->second;
    bool any = false;
    for (const Json child : value)
      if ((any = survives(child))) break;
    return survives_[value.offset()] = any;
  }

  /// Where the element `index` of `list` stands when what was cut is gone.
  std::size_t new_index(const Json& list, std::size_t index) {
    auto& indexes = renumbered_[list.offset()];
    if (indexes.empty()) {
      std::size_t next = 0;
      for (const Json child : list) {
        indexes.push_back(next);
        next += survives(child) ? 1 : 0;
      }
    }
    return indexes[index];
  }

  /// False when the selector's target is gone; it is cut then.
  bool adjust_selector(const Json& selector) {
    const auto path =
        selector.is(JsonKind::string) ? paths_.at_selector(selector.string()) : std::optional<JsonPath>{};
    if (!path ||
        !std::all_of(path->begin(), path->end(), [&](const Json& value) { return survives(value); })) {
      cut_.insert(selector.offset());
      return false;
    }
    std::string text;
    Json holder = root_;
    const auto steps = split(selector.string(), '.');
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (i > 0) text += '.';
      const auto index = holder.is(JsonKind::array) ? list_index(steps[i]) : std::nullopt;
      text += index ? fmt::format("[{}]", new_index(holder, *index)) : std::string(steps[i]);
      holder = (*path)[i];
    }
    if (text != selector.string()) {
      std::string quoted;
      model::append_json_string(quoted, text);
      replace(selector, std::move(quoted));
    }
    return true;
  }

  void write(const Json& value, Bytes& out) const {
    const auto replacement = replaced_.find(value.offset());
    if (replacement != replaced_.end()) {
      out += replacement->second;
    } else if (is_touched(value)) {
      write_container(value, out);
    } else {
      out += value.raw();
    }
  }

  /// Each child brings the text before it: white space, its key, and from the second on the comma.
  void write_container(const Json& container, Bytes& out) const {
    const std::string_view text = container.raw();
    std::size_t from = 1;
    bool is_first = true;
    out += text.front();
    for (const Json child : container) {
      const std::size_t begin = child.offset() - container.offset();
      std::string_view before = text.substr(from, begin - from);
      from = begin + child.raw().size();
      if (!survives(child)) continue;
      if (const auto comma = before.find(','); is_first && before_key(before, comma))
        before.remove_prefix(comma + 1);
      out += before;
      write(child, out);
      is_first = false;
    }
    out += text.substr(from);
  }

  /// Whether that comma separates two children, and is not part of a key.
  static bool before_key(std::string_view before, std::size_t comma) {
    return comma != std::string_view::npos && comma < before.find('"');
  }

  Json root_;
  JsonPaths paths_;
  std::map<std::size_t, std::vector<std::size_t>> renumbered_;  // by list
  mutable std::map<std::size_t, bool> survives_;                // of lists and objects asked about before
  std::set<std::size_t> cut_;
  std::map<std::size_t, std::string> replaced_;
};

}  // namespace

Result<Bytes> redact(std::string_view bytes, const Cuts& cuts) {
  const auto document = TRY(JsonDocument::parse(std::string(bytes)));
  const Json root = document.root();
  if (!root.is(JsonKind::object)) return fail(ErrorCode::invalid, "not an object");
  Redaction redaction(root);
  for (const std::string_view selector : cuts.selectors) TRY(redaction.cut_selector(selector));
  for (const std::string_view pointer : cuts.pointers) TRY(redaction.cut_pointer(pointer));
  redaction.adjust_markings();
  if (!cuts.id.empty()) {
    const auto id = root.find("id");
    if (!id) return fail(ErrorCode::invalid, "an object without id");
    std::string quoted;
    model::append_json_string(quoted, cuts.id);
    redaction.replace(*id, std::move(quoted));
  }
  return redaction.text();
}

}  // namespace shieldwall::policy
