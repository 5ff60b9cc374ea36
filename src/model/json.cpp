#include "model/json.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/hash.h"
#include "model/json_tree.h"

namespace shieldwall::model {

Result<JsonDocument> JsonDocument::parse(std::string text, const JsonLimits& limits) {
  auto tree = std::make_shared<JsonTree>();
  tree->text = std::move(text);
  TRY(read_json(*tree, limits));
  JsonDocument document;
  document.tree_ = std::move(tree);
  return document;
}

Json JsonDocument::root() const {
  return {tree_.get(), 0};
}

std::string_view JsonDocument::text() const {
  return tree_->text;
}

JsonKind Json::kind() const {
  return tree_->nodes[node_].kind;
}

bool Json::boolean() const {
  assert(is(JsonKind::boolean));
  return tree_->text[tree_->nodes[node_].begin] == 't';
}

std::string_view Json::string() const {
  assert(is(JsonKind::string));
  return tree_->string_at(node_);
}

std::string_view Json::number() const {
  assert(is(JsonKind::number));
  return raw();
}

std::string_view Json::raw() const {
  const JsonNode& node = tree_->nodes[node_];
  return std::string_view(tree_->text).substr(node.begin, node.end - node.begin);
}

std::size_t Json::offset() const {
  return tree_->nodes[node_].begin;
}

std::size_t Json::size() const {
  const JsonNode& node = tree_->nodes[node_];
  return node.kind >= JsonKind::array ? node.b : 0;
}

std::string_view Json::key() const {
  return tree_->nodes[node_].member ? tree_->string_at(node_ - 1) : "";
}

namespace {

std::optional<std::uint32_t> find_indexed(const JsonTree& tree, std::uint32_t object, std::string_view key) {
  const auto index = std::ranges::lower_bound(tree.indexes, object, {}, &JsonIndex::object);
  const std::uint64_t hash = keyed_hash(key);
  auto entry = std::ranges::lower_bound(index->entries, hash, {}, &JsonIndexEntry::hash);
  for (; entry != index->entries.end() && entry->hash == hash; ++entry)
    if (tree.string_at(entry->key) == key) return entry->key + 1;
  return {};
}

}  // namespace

namespace {

/// Most keys differ in length or in their first letter; asking memcmp about them costs more than looking.
bool is_same(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         (a.empty() || (a[0] == b[0] && std::memcmp(a.data(), b.data(), a.size()) == 0));
}

}  // namespace

std::optional<Json> Json::find(std::string_view key) const {
  const JsonNode& object = tree_->nodes[node_];
  if (object.kind != JsonKind::object) return {};
  if (object.b > json_linear_members_max) {
    const auto found = find_indexed(*tree_, node_, key);
    if (!found) return {};
    return Json(tree_, *found);
  }
  for (std::uint32_t name = node_ + 1; name < object.a; name = tree_->after(name + 1))
    if (is_same(tree_->string_at(name), key)) return Json(tree_, name + 1);
  return {};
}

Json::Iterator Json::begin() const {
  const JsonNode& node = tree_->nodes[node_];
  if (node.kind < JsonKind::array) return end();
  return {tree_, tree_->first_child(node_), node.a};
}

Json::Iterator Json::end() const {
  const JsonNode& node = tree_->nodes[node_];
  const std::uint32_t past = node.kind < JsonKind::array ? node_ : node.a;
  return {tree_, past, past};
}

Json::Iterator& Json::Iterator::operator++() {
  node_ = tree_->next_child(node_, end_);
  return *this;
}

std::string Json::pointer_from(const Json& ancestor) const {
  assert(ancestor.tree_ == tree_ && ancestor.node_ <= node_);
  std::string path;
  for (std::uint32_t at = ancestor.node_; at != node_;) {
    const std::uint32_t past = tree_->nodes[at].a;
    const bool in_object = tree_->nodes[at].kind == JsonKind::object;
    std::uint32_t child = tree_->first_child(at);
    std::size_t position = 0;
    for (; tree_->after(child) <= node_; ++position) child = tree_->next_child(child, past);
    path += '/';
    if (in_object)
      append_pointer_token(path, tree_->string_at(child - 1));
    else
      path += std::to_string(position);
    at = child;
  }
  return path;
}

void append_pointer_token(std::string& out, std::string_view token) {
  for (const char c : token) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
}

}  // namespace shieldwall::model
