#include "policy/batch.h"

#include <algorithm>
#include <numeric>

#include "policy/byte_form.h"
#include "policy/label_limits.h"
#include "policy/statement.h"

namespace shieldwall::policy {
namespace {

constexpr std::uint8_t signed_version = 1;
constexpr std::string_view domain = "shieldwall/batch/v1";
constexpr std::size_t statement_bytes_max = label_bytes_max + 1'024;
constexpr std::size_t signature_bytes = 64;

/// RFC 6962 section 2.1.
Digest node_of(const Digest& left, const Digest& right) {
  Sha256 hash;
  hash.add("\1");
  hash.add(left.view());
  hash.add(right.view());
  return hash.finish();
}

/// Drawn at once: a call of the system for each of 1,024 would take longer than the tree.
std::vector<Digest> random_level(Random& random) {
  std::vector<Digest> level(batch_leaves);
  const auto drawn = random.bytes(batch_leaves * sizeof(Digest::bytes));
  for (std::size_t i = 0; i < batch_leaves; ++i)
    std::copy_n(drawn.begin() + static_cast<std::ptrdiff_t>(i * sizeof(Digest::bytes)),
                sizeof(Digest::bytes),
                level[i].bytes.begin());
  return level;
}

/// What was drawn before, then what is drawn anew.
class DrawnRandom final : public Random {
 public:
  DrawnRandom(Random& random, std::size_t bytes) : random_(random), drawn_(random.bytes(bytes)) {}
  void fill(std::span<std::uint8_t> bytes) override {
    if (drawn_.size() - at_ < bytes.size()) return random_.fill(bytes);
    std::copy_n(drawn_.begin() + static_cast<std::ptrdiff_t>(at_), bytes.size(), bytes.begin());
    at_ += bytes.size();
  }

 private:
  Random& random_;
  std::string drawn_;
  std::size_t at_ = 0;
};

std::vector<std::uint16_t> shuffled_positions(Random& random) {
  std::vector<std::uint16_t> positions(batch_leaves);
  std::iota(positions.begin(), positions.end(), std::uint16_t{0});
  DrawnRandom drawn(random, (batch_leaves - 1) * sizeof(std::uint64_t));
  for (std::size_t i = positions.size(); i > 1; --i) std::swap(positions[i - 1], positions[drawn.below(i)]);
  return positions;
}

}  // namespace

Result<Batch> make_batch(std::span<const Digest> leaves, Random& random) {
  if (leaves.empty() || leaves.size() > batch_leaves)
    return fail(ErrorCode::invalid, "a batch holds 1 to {} statements, not {}", batch_leaves, leaves.size());
  auto level = random_level(random);
  Batch batch;
  batch.paths.resize(leaves.size());
  const auto positions = shuffled_positions(random);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    batch.paths[i].position = positions[i];
    level[positions[i]] = leaves[i];
  }
  for (std::size_t height = 0; height < batch_levels; ++height) {
    for (BatchPath& path : batch.paths) path.beside[height] = level[(path.position >> height) ^ 1u];
    for (std::size_t i = 0; i < level.size() / 2; ++i) level[i] = node_of(level[2 * i], level[2 * i + 1]);
    level.resize(level.size() / 2);
  }
  batch.root = level.front();
  return batch;
}

Digest root_of(const BatchPath& path, const Digest& leaf) {
  Digest node = leaf;
  for (std::size_t height = 0; height < batch_levels; ++height)
    node = (path.position >> height & 1) != 0 ? node_of(path.beside[height], node)
                                              : node_of(node, path.beside[height]);
  return node;
}

Bytes batch_text(const Digest& root) {
  Bytes text(domain);
  text += root.view();
  return text;
}

Digest SignedStatement::root() const {
  return root_of(path, statement_digest(statement));
}

Bytes encode(const SignedStatement& signed_statement) {
  ByteWriter out;
  out.number(signed_version);
  out.counted(signed_statement.statement);
  out.number(signed_statement.path.position);
  for (const Digest& beside : signed_statement.path.beside) out.digest(beside);
  out.number(static_cast<std::uint8_t>(signed_statement.algorithm));
  out.counted(signed_statement.signature);
  return std::move(out).take();
}

Result<SignedStatement> decode_signed_statement(std::string_view bytes) {
  ByteReader in(bytes, "signed statement");
  if (TRY(in.number<std::uint8_t>()) != signed_version)
    return in.refuse("a version this program does not know");
  SignedStatement read;
  read.statement = TRY(in.counted(statement_bytes_max));
  const auto statement = TRY(decode_statement(read.statement));
  read.path.position = TRY(in.number<std::uint16_t>());
  if (read.path.position >= batch_leaves) return in.refuse("no such position in a batch");
  for (Digest& beside : read.path.beside) beside = TRY(in.digest());
  if (TRY(in.number<std::uint8_t>()) != static_cast<std::uint8_t>(statement.algorithm))
    return in.refuse("signed by another algorithm than the statement says");
  read.algorithm = statement.algorithm;
  read.signature = TRY(in.counted(signature_bytes));
  if (read.signature.size() != signature_bytes) return in.refuse("a signature of another length");
  TRY(in.finish());
  return read;
}

}  // namespace shieldwall::policy
