#include "detect/sigma/yaml.h"

#include <algorithm>
#include <exception>
#include <map>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "base/text.h"

namespace shieldwall::detect::sigma {

namespace {

/// Carries our error through yaml-cpp's parser; never leaves this file.
struct Refused {
  Error error;
};

template <typename... Args>
[[noreturn]] void refuse(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Refused{{code, fmt::format(format, std::forward<Args>(args)...)}};
}

std::size_t nodes_in(const Yaml& node) {
  std::size_t count = 1;
  for (const auto& item : node.items) count += nodes_in(item);
  return count;
}

class Builder final : public YAML::EventHandler {
 public:
  std::vector<Yaml> documents;

  void OnDocumentStart(const YAML::Mark&) override {
    if (documents.size() == yaml_documents_max)
      refuse(ErrorCode::exhausted, "has more than {} documents", yaml_documents_max);
    open_.clear();
    anchors_.clear();
    documents.emplace_back();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add({.kind = YamlKind::null, .line = mark.line + 1, .keys = {}, .items = {}}, anchor);
  }

  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& value) override {
    add({.kind = YamlKind::scalar,
         .quoted = tag != "?",
         .line = mark.line + 1,
         .text = value,
         .keys = {},
         .items = {}},
        anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      refuse(ErrorCode::invalid, "line {}: an alias names what is still open", mark.line + 1);
    take_nodes(nodes_in(found->second));
    Yaml copy = found->second;
    add(std::move(copy), 0);
  }

  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string&,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlKind::list, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark,
                  const std::string&,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlKind::map, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Yaml node;
    YAML::anchor_t anchor = 0;
    bool key_next = false;
    std::map<std::string, int, std::less<>> seen = {};
  };

  void take_nodes(std::size_t count) {
    nodes_ += count;
    if (nodes_ > yaml_nodes_max) refuse(ErrorCode::exhausted, "has more than {} values", yaml_nodes_max);
  }

  void open(YamlKind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    take_nodes(1);
    if (open_.size() == yaml_depth_max)
      refuse(ErrorCode::exhausted, "line {}: nests deeper than {}", mark.line + 1, yaml_depth_max);
    if (!open_.empty() && open_.back().key_next)
      refuse(ErrorCode::invalid, "line {}: a key is a list or a map", mark.line + 1);
    open_.push_back({.node = {.kind = kind, .line = mark.line + 1, .keys = {}, .items = {}},
                     .anchor = anchor,
                     .key_next = kind == YamlKind::map});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    place(std::move(done.node), done.anchor);
  }

  void add(Yaml node, YAML::anchor_t anchor) {
    take_nodes(1);
    if (open_.empty() || !open_.back().key_next) return place(std::move(node), anchor);
    auto& map = open_.back();
    if (!node.items.empty()) refuse(ErrorCode::invalid, "line {}: a key is a list or a map", node.line);
    if (!map.seen.emplace(node.text, node.line).second)
      refuse(ErrorCode::invalid, "line {}: the key '{}' stands twice", node.line, excerpt(node.text));
    map.node.keys.push_back(std::move(node.text));
    map.key_next = false;
  }

  void place(Yaml node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_.insert_or_assign(anchor, node);
    if (open_.empty()) {
      documents.back() = std::move(node);
      return;
    }
    auto& parent = open_.back();
    parent.key_next = parent.node.kind == YamlKind::map;
    parent.node.items.push_back(std::move(node));
  }

  std::vector<Open> open_;
  std::map<YAML::anchor_t, Yaml> anchors_;
  std::size_t nodes_ = 0;
};

}  // namespace

const Yaml* Yaml::find(std::string_view key) const {
  const auto found = std::ranges::find(keys, key);
  return found == keys.end() ? nullptr : &items[static_cast<std::size_t>(found - keys.begin())];
}

std::string_view Yaml::text_at(std::string_view key) const {
  const Yaml* const node = find(key);
  return node != nullptr && node->is(YamlKind::scalar) ? std::string_view(node->text) : std::string_view();
}

Result<std::vector<Yaml>> read_yaml(std::string_view text) {
  if (text.size() > yaml_bytes_max)
    return fail(ErrorCode::exhausted, "is larger than {} MiB", yaml_bytes_max >> 20);
  if (!is_valid_utf8(text)) return fail(ErrorCode::invalid, "is not UTF-8");
  if (text.find('\0') != text.npos) return fail(ErrorCode::invalid, "has a NUL byte in it");
  try {
    std::istringstream input{std::string(text)};
    YAML::Parser parser(input);
    Builder builder;
    while (parser.HandleNextDocument(builder)) {
    }
    return std::move(builder.documents);
  } catch (const Refused& refused) {
    return fail(refused.error);
  } catch (const YAML::Exception& exception) {
    return fail(ErrorCode::invalid, "line {}: {}", exception.mark.line + 1, excerpt(exception.msg, 200));
  } catch (const std::exception& exception) {
    return fail(ErrorCode::invalid, "cannot be read as YAML: {}", excerpt(exception.what(), 200));
  }
}

}  // namespace shieldwall::detect::sigma
