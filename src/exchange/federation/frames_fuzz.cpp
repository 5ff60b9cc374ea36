// What other nodes and operators give to a node before anything of it is believed: the first byte chooses the
// reader. What a reader takes, it writes the same again.

#include <cstdlib>

#include "exchange/federation/anonymous.h"
#include "exchange/federation/carry.h"
#include "exchange/federation/frames.h"
#include "exchange/federation/invite.h"
#include "exchange/federation/proposing.h"
#include "exchange/federation/relayed_receipt.h"

namespace {

using namespace shieldwall;
using namespace shieldwall::exchange::federation;

template <typename T>
void same_again(const Result<T>& read, std::string_view bytes) {
  if (read && encode(*read) != bytes) std::abort();
}

void invitation(std::string_view text) {
  const auto read = Invite::parse(text);
  if (!read) return;
  const auto again = Invite::parse(read->text());
  if (!again || *again != *read) std::abort();
}

void rosters(std::string_view bytes) {
  const auto read = decode_rosters(bytes);
  if (read && encode_rosters(*read) != bytes) std::abort();
}

void proposals(std::string_view bytes) {
  const auto read = ledger::decode_proposals(bytes);
  if (read && ledger::encode_proposals(*read) != bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 14) {
    case 0:
      same_again(decode_hello(bytes), bytes);
      break;
    case 1:
      same_again(decode_page(bytes), bytes);
      break;
    case 2:
      same_again(decode_ack(bytes), bytes);
      break;
    case 3:
      same_again(decode_poll(bytes), bytes);
      break;
    case 4:
      same_again(decode_join_request(bytes), bytes);
      break;
    case 5:
      rosters(bytes);
      break;
    case 6:
      same_again(decode_envelope(bytes), bytes);
      break;
    case 7:
      same_again(decode_carried(bytes), bytes);
      break;
    case 8:
      invitation(bytes);
      break;
    case 9:
      same_again(ledger::decode_signed_roster(bytes), bytes);
      break;
    case 10:
      same_again(decode_council(bytes), bytes);
      break;
    case 13:
      same_again(decode_anonymous_sighting(bytes), bytes);
      break;
    case 12:
      same_again(decode_signed_receipt(bytes), bytes);
      break;
    default:
      proposals(bytes);
  }
  return 0;
}
