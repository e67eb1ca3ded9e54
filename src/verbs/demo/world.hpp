// The demo's world: a real server in a process of its own, a simulated clock that both see, and the people around it: airports
// that deliver files and labels, callers that ask for predictions, a team of two that edits and runs the loop. It decides
// nothing: what is validated, trained, gated, rolled out, promoted or taken back is the program's doing.
//
// Where it is in the year is written down after each piece of a day, and every piece may be done again: a world killed at any
// instant (or a server killed under it) goes on and comes to the same end.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "net/client.hpp"
#include "os/clock_file.hpp"
#include "os/process.hpp"
#include "verbs/demo/flights_data.hpp"

namespace mlean::verbs::demo {

struct WorldOptions {
  std::filesystem::path folder;  // holds project/, clock, demo.json, server.log
  bool quiet = false;
};

class World {
 public:
  static Result<std::unique_ptr<World>> Open(const WorldOptions& options);
  ~World();  // stops the server

  // Lives from where it stands to the end of the year.
  Result<void> LiveTheYear();

  const std::filesystem::path& project() const { return project_; }
  const std::string& url() const { return url_; }
  const Clock& clock() const { return *clock_; }
  std::int64_t requests_sent() const { return sent_; }

 private:
  explicit World(WorldOptions options);

  // ---- people
  Result<void> LayOutProject();
  Result<void> SendDay(std::int64_t day);
  Result<void> SendSingles(const types::Frame& flights);
  Result<void> SendBatches(std::int64_t day, const types::Frame& flights);
  Result<void> TellLabels(std::int64_t day);
  Result<void> Deliver(std::int64_t tomorrow);
  Result<void> PlayScenes(std::int64_t tomorrow);
  Result<void> EditAndRun(const std::string& reason);
  Result<bool> HasTurn(const std::string& reason);

  // ---- machinery
  Result<void> StartServer();
  Result<net::Response> Send(const std::string& method, const std::string& path, const std::string& body, const std::string& id,
                             std::int64_t timeout_ms = 30'000);
  Result<void> Tick();
  Result<os::ProcessOutcome> RunMlean(const std::vector<std::string>& arguments);
  Result<void> SaveProgress();
  os::ProcessSpec Spec(const std::vector<std::string>& arguments) const;

  WorldOptions options_;
  std::filesystem::path project_;
  std::unique_ptr<os::FileClock> clock_;
  std::unique_ptr<FlightYear> flights_;
  std::optional<os::Child> server_;
  net::Client client_;
  std::string url_;
  std::int64_t day_ = 0;  // the day being lived, in days since 1970
  int piece_ = 0;         // the next piece of it
  std::int64_t sent_ = 0;
};

constexpr CivilDate kFirstDay = {2013, 3, 1};
constexpr CivilDate kLastDay = {2013, 12, 31};

}  // namespace mlean::verbs::demo
