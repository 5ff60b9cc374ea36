#include "ledger/receipt.h"

#include "policy/byte_form.h"

namespace shieldwall::ledger {

namespace {

using policy::ByteReader;
using policy::ByteWriter;

constexpr std::uint8_t form_version = 1;
constexpr std::uint8_t form_bare = 2;  // the entry itself follows
constexpr std::size_t content_bytes_max = 64u << 10;
constexpr std::size_t leaf_bytes_max = 8u << 10;
constexpr std::size_t shown_max = 1'000;

/// The hashes of a list's leaves as a tree of its own.
class ListHashes final : public SubtreeHashes {
 public:
  explicit ListHashes(const std::vector<DeliveredVersion>& versions) {
    for (const auto& version : versions) leaves_.push_back(leaf_hash(leaf_of(version)));
  }
  Result<Digest> subtree(int level, std::uint64_t index) const override {
    if (level == 0) return leaves_.at(index);
    const auto left = TRY(subtree(level - 1, index * 2));
    const auto right = TRY(subtree(level - 1, index * 2 + 1));
    return node_hash(left, right);
  }

 private:
  std::vector<Digest> leaves_;
};

struct Content {
  std::string kind{};
  Delivery delivery{};
  std::uint32_t listed = 0;
};

Result<Content> read_content(std::string_view bytes) {
  ByteReader in(bytes, "the entry's content");
  Content content;
  content.kind = TRY(in.line(1, 64));
  if (content.kind != "delivery") return content;
  auto& delivery = content.delivery;
  delivery.organisation.uuid = TRY(in.uuid());
  delivery.account.uuid = TRY(in.uuid());
  delivery.name = TRY(in.counted(content_bytes_max));
  delivery.door = TRY(in.counted(content_bytes_max));
  const auto first = TRY(in.number<std::uint64_t>());
  delivery.first = delivery.last = Timestamp{static_cast<std::int64_t>(first)};
  content.listed = TRY(in.number<std::uint32_t>());
  delivery.root = TRY(in.digest());
  TRY(in.finish());
  return content;
}

}  // namespace

Bytes encode(const Receipt& receipt) {
  ByteWriter out;
  out.number(form_version);
  out.raw(receipt.opening.salt);
  out.counted(receipt.opening.content);
  out.list(receipt.versions, [](ByteWriter& to, const ShownVersion& shown) {
    to.number(shown.index);
    to.counted(leaf_of(shown.version));
    to.list(shown.path, [](ByteWriter& inner, const Digest& hash) { inner.digest(hash); });
  });
  return std::move(out).take();
}

Result<Receipt> decode_receipt(std::string_view bytes) {
  ByteReader in(bytes, "receipt");
  if (TRY(in.number<std::uint8_t>()) != form_version)
    return in.refuse("a version this program does not know");
  Receipt receipt;
  receipt.opening.salt = Bytes(TRY(in.raw(salt_bytes)));
  receipt.opening.content = Bytes(TRY(in.counted(content_bytes_max)));
  receipt.versions.resize(TRY(in.count(shown_max, 12)));
  for (auto& shown : receipt.versions) {
    shown.index = TRY(in.number<std::uint32_t>());
    const auto leaf = TRY(in.counted(leaf_bytes_max));
    shown.version = TRY(read_leaf(leaf));
    shown.path.resize(TRY(in.count(proof_hashes_max, 32)));
    for (auto& hash : shown.path) hash = TRY(in.digest());
  }
  TRY(in.finish());
  return receipt;
}

Result<ProofFile> receipt_for(const NodeLog& log, const Delivery& delivery, const model::ObjectId& id) {
  if (!delivery.logged) return fail(ErrorCode::not_found, "this left before the node kept a log");
  Receipt receipt{.opening = {.salt = delivery.logged->salt, .content = content_of(delivery)}};
  const ListHashes hashes(delivery.versions);
  for (std::size_t i = 0; i < delivery.versions.size() && receipt.versions.size() < shown_max; ++i) {
    if (delivery.versions[i].id != id) continue;
    auto path = TRY(prove_inclusion(hashes, i, delivery.versions.size()));
    receipt.versions.push_back(
        {.index = static_cast<std::uint32_t>(i), .version = delivery.versions[i], .path = std::move(path)});
  }
  auto file = TRY(log.prove(delivery.logged->index));
  file.extra = encode(receipt);
  return file;
}

Result<ProofFile> bare_receipt(const NodeLog& log, std::uint64_t index) {
  const auto entry = TRY(log.entry(index));
  auto file = TRY(log.prove(index));
  file.extra = static_cast<char>(form_bare) + entry;
  return file;
}

Result<CheckedReceipt> check_receipt(const ProofFile& file, const NoteKey& log) {
  if (!file.extra)
    return fail(ErrorCode::invalid, "the proof has no `extra` line: nothing says what the entry is");
  CheckedReceipt checked{.checkpoint = {}, .index = file.index};
  if (file.extra->starts_with(static_cast<char>(form_bare))) {
    checked.entry = file.extra->substr(1);
    checked.checkpoint = TRY(check_proof(file, checked.entry, log));
    checked.kind = "entry";
    return checked;
  }
  const auto receipt = TRY(decode_receipt(*file.extra));
  checked.entry = receipt.opening.entry();
  checked.checkpoint = TRY(check_proof(file, checked.entry, log));
  auto content = TRY(read_content(receipt.opening.content));
  for (const auto& shown : receipt.versions) {
    TRY(check_inclusion(
        leaf_hash(leaf_of(shown.version)), shown.index, content.listed, shown.path, content.delivery.root));
    content.delivery.versions.push_back(shown.version);
  }
  checked.kind = std::move(content.kind);
  checked.delivery = std::move(content.delivery);
  return checked;
}

}  // namespace shieldwall::ledger
