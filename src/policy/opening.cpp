// Fields as they are shown: their bytes, and the way from them to the root.

#include <algorithm>
#include <optional>
#include <set>

#include "model/json.h"
#include "policy/byte_form.h"
#include "policy/field_hash.h"
#include "policy/field_tree.h"

namespace shieldwall::policy {
namespace {

constexpr std::uint8_t opening_version = 1;
constexpr std::size_t opening_bytes_max = 128u << 20;  // an object of 32 MiB that is all short references
constexpr std::size_t nodes_max = 8'000'000;           // twice the values that one JSON document may hold
constexpr std::size_t path_bytes_max = 64u << 10;
constexpr std::size_t text_bytes_max = 32u << 20;
constexpr int depth_max = 256;  // 64 levels of JSON, most of them of few members

/// Members and elements, each name escaped, each number without a zero before it.
bool is_path(std::string_view path) {
  for (std::size_t at = 0; at < path.size();) {
    const char step = path[at++];
    const std::size_t end = std::min(path.find_first_of("/#", at), path.size());
    const std::string_view name = path.substr(at, end - at);
    if (step == '#') {
      const bool is_number =
          std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
      if (name.empty() || !is_number || (name.size() > 1 && name.front() == '0')) return false;
    } else if (step != '/') {
      return false;
    }
    for (std::size_t i = name.find('~'); i != std::string_view::npos; i = name.find('~', i + 1))
      if (i + 1 >= name.size() || name[i + 1] < '0' || name[i + 1] > '2') return false;
    at = end;
  }
  return is_valid_utf8(path);
}

/// Reads one tree off the front of a list of nodes.
class Walk {
 public:
  explicit Walk(const std::vector<OpeningNode>& nodes) : nodes_(nodes) {}

  Result<Digest> root() {
    const Digest root = TRY(node(0));
    if (at_ != nodes_.size()) return fail(ErrorCode::invalid, "an opening holds more than one tree");
    return root;
  }

 private:
  Result<Digest> node(int depth) {
    if (at_ >= nodes_.size()) return fail(ErrorCode::invalid, "an opening ends inside its tree");
    if (depth > depth_max) return fail(ErrorCode::exhausted, "a tree is deeper than {}", depth_max);
    const OpeningNode& here = nodes_[at_++];
    if (here.kind == OpeningNode::Kind::hidden) return here.hash;
    if (here.kind == OpeningNode::Kind::field) return leaf_of(here.field);
    const std::size_t below = at_;
    const Digest left = TRY(node(depth + 1));
    const Digest right = TRY(node(depth + 1));
    if (at_ == below + 2 && nodes_[below].kind == OpeningNode::Kind::hidden &&
        nodes_[below + 1].kind == OpeningNode::Kind::hidden)
      return fail(ErrorCode::invalid, "a branch that shows nothing is one hash");
    return field_node(left, right);
  }

  const std::vector<OpeningNode>& nodes_;
  std::size_t at_ = 0;
};

/// No path twice, and none inside another: one place of the object has one text.
Done check_paths(const std::vector<OpenedField>& fields) {
  std::set<std::string_view> paths;
  for (const OpenedField& field : fields)
    if (!paths.insert(field.path).second)
      return fail(ErrorCode::invalid, "{}: shown twice", excerpt(field.path));
  for (const std::string_view path : paths)
    for (std::size_t at = path.find_last_of("/#"); at != std::string_view::npos && at > 0;
         at = path.find_last_of("/#", at - 1))
      if (paths.contains(path.substr(0, at)))
        return fail(ErrorCode::invalid, "{}: shown inside another field", excerpt(path));
  return {};
}

Result<OpeningNode> read_node(ByteReader& in) {
  OpeningNode node;
  const auto kind = TRY(in.number<std::uint8_t>());
  switch (kind) {
    case 0:
      node.hash = TRY(in.digest());
      break;
    case 1:
      break;
    case 2:
      node.field.path = TRY(in.counted(path_bytes_max));
      if (!is_path(node.field.path)) return in.refuse("the path before is none");
      node.field.salt = TRY(in.digest());
      node.field.text = TRY(in.counted(text_bytes_max));
      break;
    default:
      return in.refuse("no such kind of node");
  }
  node.kind = static_cast<OpeningNode::Kind>(kind);
  return node;
}

}  // namespace

Digest leaf_of(const OpenedField& field) {
  const auto size = big_endian(static_cast<std::uint32_t>(field.path.size()));
  Sha256 hash;
  hash.add(std::string_view("\0", 1));
  hash.add(field.salt.view());
  hash.add({size.data(), size.size()});
  hash.add(field.path);
  hash.add(field.text);
  return hash.finish();
}

Result<std::vector<OpenedField>> verified_fields(const Opening& opening, const Digest& root) {
  const Digest found = TRY(Walk(opening.nodes).root());
  if (found != root) return fail(ErrorCode::invalid, "the fields shown lead to another root");
  std::vector<OpenedField> fields;
  for (const OpeningNode& node : opening.nodes)
    if (node.kind == OpeningNode::Kind::field) fields.push_back(node.field);
  TRY(check_paths(fields));
  for (const OpenedField& field : fields)
    if (!model::JsonDocument::parse(field.text))
      return fail(ErrorCode::invalid, "{}: its text is no JSON", excerpt(field.path));
  return fields;
}

Bytes encode(const Opening& opening) {
  ByteWriter out;
  out.number(opening_version);
  out.list(opening.nodes, [](ByteWriter& to, const OpeningNode& node) {
    to.number(static_cast<std::uint8_t>(node.kind));
    if (node.kind == OpeningNode::Kind::hidden) to.digest(node.hash);
    if (node.kind != OpeningNode::Kind::field) return;
    to.counted(node.field.path);
    to.digest(node.field.salt);
    to.counted(node.field.text);
  });
  return std::move(out).take();
}

Result<Opening> decode_opening(std::string_view bytes) {
  ByteReader in(bytes, "opening");
  if (bytes.size() > opening_bytes_max)
    return fail(ErrorCode::exhausted, "an opening has at most {} bytes", opening_bytes_max);
  if (TRY(in.number<std::uint8_t>()) != opening_version)
    return in.refuse("a version this program does not know");
  Opening opening;
  const auto size = TRY(in.count(nodes_max, 1));
  while (opening.nodes.size() < size) opening.nodes.push_back(TRY(read_node(in)));
  TRY(in.finish());
  TRY(Walk(opening.nodes).root());
  return opening;
}

}  // namespace shieldwall::policy
