#pragma once
// The simulator's side of the seams Net and Executor: no sockets, no threads, every choice drawn from a seed.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/random.h"
#include "net/net.h"

namespace shieldwall::net {

/// Runs posted work on the calling thread, one piece at a time, in an order the seed fixes.
class SimExecutor final : public Executor {
 public:
  explicit SimExecutor(Random& random, std::size_t queue_max = 1024)
      : random_(random), queue_max_(queue_max) {}
  bool post(std::function<void()> work) override;
  /// Runs one waiting piece, chosen at random. False when none waits.
  bool run_one();
  /// Until nothing waits; work may post more. Returns how many pieces ran.
  std::size_t run_until_idle();
  std::size_t waiting() const { return queue_.size(); }

 private:
  Random& random_;
  std::size_t queue_max_;
  std::vector<std::function<void()>> queue_;
};

/// How bad the weather is. Chances are out of 1,000 messages.
struct SimWeather {
  std::uint32_t requests_lost = 0;     // the handler never ran; the sender waited until its deadline
  std::uint32_t answers_lost = 0;      // the handler ran; the sender does not know
  std::uint32_t requests_doubled = 0;  // the handler ran twice, the sender gets the second answer
  Duration delay_max{};                // each way, uniform from 0
};

/// A network in memory. Each node sends through its own `SimNet::Port`, so that links between two nodes can
/// be cut.
class SimNet {
 public:
  SimNet(Random& random, ManualClock& clock) : random_(random), clock_(clock) {}

  /// `handler` answers requests to http(s)://host:port. Again: replaces it (a restarted node).
  void listen(const std::string& host, std::uint16_t port, Handler handler);
  /// The node is off: requests to it are refused until it listens again.
  void shut(const std::string& host, std::uint16_t port);
  /// The way out of the node `host`: what it sends carries that peer_address, and `pin` as its client
  /// certificate.
  std::unique_ptr<Net> port_of(const std::string& host, std::optional<Digest> pin = std::nullopt);

  void cut(const std::string& from, const std::string& to);  // one direction
  void heal(const std::string& from, const std::string& to);
  void heal_all() { cuts_.clear(); }
  SimWeather weather;

 private:
  class Port;
  Result<Response> carry(const std::string& from,
                         const std::optional<Digest>& pin,
                         const Url& url,
                         Request request,
                         const SendOptions& options);
  bool happens(std::uint32_t chance) { return chance > 0 && random_.below(1000) < chance; }
  void pass_time();
  void wait_in_vain(const SendOptions& options);

  Random& random_;
  ManualClock& clock_;
  std::map<std::pair<std::string, std::uint16_t>, Handler> handlers_;
  std::set<std::pair<std::string, std::string>> cuts_;
};

}  // namespace shieldwall::net
