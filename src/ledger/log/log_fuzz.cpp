// Any bytes as what strangers hand us about logs: the path of a tile, an entry bundle, a proof file with its
// receipt, a witness request, an evidence file, a journal's entry. The first byte chooses.

#include "ledger/log/evidence.h"
#include "ledger/log/witness.h"
#include "ledger/receipt.h"
#include "policy/fuzz_expect.h"

using namespace shieldwall;
using namespace shieldwall::ledger;
using policy::expect;

namespace {

const NoteKey& a_key() {
  static const auto key =
      *NoteKey::make("a.example/log",
                     NoteKeyType::ed25519,
                     SigningKey::from_seed(std::string(SigningKey::seed_bytes, 'k'))->verify_key());
  return key;
}

void read_as_tile(std::string_view bytes) {
  if (const auto name = TileName::parse(bytes)) expect(name->path() == bytes, "a tile has two paths");
  std::size_t length = 0;
  if (const auto entries = entries_of(bytes))
    for (const auto entry : *entries) length += 2 + entry.size();
  else
    length = bytes.size();
  expect(length == bytes.size(), "an entry bundle lost bytes");
  (void)read_entry(bytes);
}

void read_as_proof(std::string_view bytes) {
  if (const auto receipt = decode_receipt(bytes))
    expect(encode(*receipt) == bytes, "a receipt has two encodings");
  const auto file = ProofFile::parse(bytes);
  if (!file) return;
  const auto again = ProofFile::parse(file->text());
  expect(again && again->text() == file->text(), "a proof file does not come back");
  (void)check_receipt(*file, a_key());
}

void read_as_request(std::string_view bytes) {
  const auto request = AddCheckpoint::parse(bytes);
  if (!request) return;
  const auto again = AddCheckpoint::parse(request->text());
  expect(again && again->text() == request->text(), "a witness request does not come back");
}

void read_as_evidence(std::string_view bytes) {
  const auto evidence = Evidence::parse(bytes);
  if (!evidence) return;
  const auto again = Evidence::parse(evidence->text());
  expect(again && again->text() == evidence->text(), "evidence does not come back");
  (void)judge(*evidence, a_key());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 't':
      read_as_tile(bytes);
      break;
    case 'p':
      read_as_proof(bytes);
      break;
    case 'r':
      read_as_request(bytes);
      break;
    case 'e':
      read_as_evidence(bytes);
      break;
    default:
      (void)decode_delivery(bytes);
  }
  return 0;
}
