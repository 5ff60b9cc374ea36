// Making a field tree from an object's bytes, and showing parts of it.

#include "policy/field_tree.h"

#include <algorithm>
#include <bit>
#include <set>
#include <unordered_map>

#include "base/hash.h"
#include "model/object.h"
#include "policy/byte_form.h"
#include "policy/field_hash.h"
#include "policy/json_path.h"

namespace shieldwall::policy {

using model::Json;
using model::JsonKind;

namespace {

/// What the secret is used for; no two uses give the same bytes.
enum SecretUse : std::uint8_t { for_salt = 0, for_padding = 1, for_commitment = 2 };

Digest drawn(const HmacKey& secret, SecretUse use, std::string_view path, std::uint32_t number = 0) {
  const auto size = big_endian(static_cast<std::uint32_t>(path.size()));
  const auto last = big_endian(number);
  const auto first = static_cast<char>(use);
  const std::string_view pieces[] = {
      {&first, 1}, {size.data(), size.size()}, path, {last.data(), last.size()}};
  return secret.of(pieces);
}

bool is_reference_list(const Json& value) {
  return value.is(JsonKind::array) && value.size() > 0 && value.key().ends_with("_refs");
}

}  // namespace

Digest commitment_salt(const VersionSecret& secret) {
  return drawn(HmacKey(secret.view()), for_commitment, "");
}

Digest commitment_to(std::string_view bytes, const Digest& salt) {
  Sha256 hash;
  hash.add(salt.view());
  hash.add(bytes);
  return hash.finish();
}

class FieldTreeMaker {
 public:
  FieldTreeMaker(const Json& root, const VersionSecret& secret) : root_(root), secret_(secret.view()) {
    split_.insert(root.offset());
    split_selected();
    split_references(root);
  }

  FieldTree made() && {
    std::vector<std::uint32_t> entries = entries_of(root_, "");
    if (!root_.find("created") && !root_.find("modified"))
      entries.push_back(add_field("", "\"" + model::content_digest(root_).hex() + "\""));
    tree_.root_ = joined(std::move(entries), "");
    return std::move(tree_);
  }

 private:
  /// Values on the way to what a granular marking selects are taken apart. A selector that names nothing
  /// takes nothing apart.
  void split_selected() {
    const auto markings = root_.find("granular_markings");
    if (!markings) return;
    JsonPaths paths(root_);
    for (const Json marking : *markings) {
      const auto selectors = marking.find("selectors");
      if (!selectors) continue;
      for (const Json selector : *selectors) {
        if (!selector.is(JsonKind::string)) continue;
        const auto path = paths.at_selector(selector.string());
        for (std::size_t i = 0; path && i + 1 < path->size(); ++i) split_.insert((*path)[i].offset());
      }
    }
  }

  /// Lists of references, wherever they stand, and what holds them. True when there was one.
  bool split_references(const Json& value) {
    bool any = is_reference_list(value);
    if (!any)
      for (const Json child : value) any = split_references(child) || any;
    if (any) split_.insert(value.offset());
    return any;
  }

  std::vector<std::uint32_t> entries_of(const Json& container, const std::string& path) {
    std::vector<std::uint32_t> entries;
    entries.reserve(container.size() + 1);
    std::size_t index = 0;
    for (const Json child : container) {
      std::string at = path;
      if (container.is(JsonKind::array)) {
        at += fmt::format("#{}", index++);
      } else {
        append_member(at, child.key());
      }
      entries.push_back(split_.contains(child.offset()) && child.size() > 0
                            ? joined(entries_of(child, at), at)
                            : add_field(std::move(at), std::string(child.raw())));
    }
    return entries;
  }

  static void append_member(std::string& path, std::string_view name) {
    path += '/';
    for (const char c : name) {
      const auto special = std::string_view("~/#").find(c);
      if (special == std::string_view::npos) {
        path += c;
      } else {
        path += '~';
        path += static_cast<char>('0' + special);
      }
    }
  }

  std::uint32_t add(FieldTree::Node node) {
    tree_.nodes_.push_back(node);
    return static_cast<std::uint32_t>(tree_.nodes_.size() - 1);
  }

  std::uint32_t add_field(std::string path, std::string text) {
    const Digest salt = drawn(secret_, for_salt, path);
    tree_.fields_.push_back({.path = std::move(path), .salt = salt, .text = std::move(text)});
    return add({.hash = leaf_of(tree_.fields_.back()),
                .field = static_cast<std::uint32_t>(tree_.fields_.size() - 1)});
  }

  /// Padded to a power of two, sorted by hash, then pair by pair up to one.
  std::uint32_t joined(std::vector<std::uint32_t> level, const std::string& path) {
    const std::size_t leaves = std::bit_ceil(level.size());
    for (std::uint32_t i = 0; level.size() < leaves; ++i)
      level.push_back(add({.hash = drawn(secret_, for_padding, path, i)}));
    std::sort(level.begin(), level.end(), [&](std::uint32_t a, std::uint32_t b) {
      return tree_.nodes_[a].hash < tree_.nodes_[b].hash;
    });
    while (level.size() > 1) {
      for (std::size_t i = 0; i < level.size() / 2; ++i) {
        const auto left = level[2 * i];
        const auto right = level[2 * i + 1];
        level[i] = add({.hash = field_node(tree_.nodes_[left].hash, tree_.nodes_[right].hash),
                        .left = left,
                        .right = right});
      }
      level.resize(level.size() / 2);
    }
    return level.front();
  }

  Json root_;
  const HmacKey secret_;
  std::set<std::size_t> split_;  // by the offset of their first byte
  FieldTree tree_;
};

Result<FieldTree> FieldTree::of(std::string_view bytes, const VersionSecret& secret) {
  const auto document = TRY(model::JsonDocument::parse(std::string(bytes)));
  return of(document.root(), secret);
}

Result<FieldTree> FieldTree::of(const Json& root, const VersionSecret& secret) {
  if (!root.is(JsonKind::object) || root.size() == 0)
    return fail(ErrorCode::invalid, "not a JSON object with members");
  return FieldTreeMaker(root, secret).made();
}

bool FieldTree::show(std::uint32_t number, const std::vector<bool>& shown, Opening& opening) const {
  const Node& node = nodes_[number];
  if (node.field != none && shown[node.field]) {
    opening.nodes.push_back({.kind = OpeningNode::Kind::field, .hash = {}, .field = fields_[node.field]});
    return true;
  }
  const std::size_t place = opening.nodes.size();
  opening.nodes.push_back({.kind = OpeningNode::Kind::branch, .hash = {}, .field = {}});
  if (node.left != none) {
    const bool left = show(node.left, shown, opening);
    const bool right = show(node.right, shown, opening);
    if (left || right) return true;
    opening.nodes.resize(place + 1);
  }
  opening.nodes[place] = {.kind = OpeningNode::Kind::hidden, .hash = node.hash, .field = {}};
  return false;
}

Result<Opening> FieldTree::open(std::span<const std::string> paths) const {
  std::unordered_map<std::string_view, std::size_t, TextHash, std::equal_to<>> places;
  for (std::size_t i = 0; i < fields_.size(); ++i) places.emplace(fields_[i].path, i);
  std::vector<bool> shown(fields_.size());
  for (const std::string& path : paths) {
    const auto place = places.find(path);
    if (place == places.end()) return fail(ErrorCode::not_found, "no field has the path {}", excerpt(path));
    shown[place->second] = true;
  }
  Opening opening;
  show(root_, shown, opening);
  return opening;
}

}  // namespace shieldwall::policy
