// Exchange: one request and its reply on one connection, without the waiting: what is refused, which route, the handler, what is
// to be sent. The connection (loop.cpp) reads and writes the socket between these steps. Internal to the server.
//
//   Begin, [Refuse] or ChooseRoute, [AskGate, PassedGate], [body], Invoke, Prepare, Send until all is out, Finish.
//
// Used by the connection's thread; Invoke and PullChunk may run on another while that one waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/loop.hpp"
#include "net/opened_file.hpp"
#include "net/request_body.hpp"
#include "net/request_parser.hpp"

namespace mlean::net {

class Exchange {
 public:
  Exchange(Shared& shared, RequestParser& parser, std::string remote)
      : shared_(shared), parser_(parser), remote_(std::move(remote)) {}
  ~Exchange() { Settle(); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Takes the parsed head, whole or broken. `id_prefix` and `id_count` make the request id when the client sent none.
  void Begin(std::string_view id_prefix, std::uint64_t& id_count);
  // kAnswer: the reply is the answer. kGate: AskGate() on the pool, as the gate or the route's `refuse` has to look longer, then
  // PassedGate() tells which of the other two.
  enum class Next : std::uint8_t { kGo, kAnswer, kGate };
  Next ChooseRoute();
  void AskGate();
  Next PassedGate();
  // Makes an error the reply and counts it; `ends` is for requests after which the connection cannot go on.
  void Refuse(int status, std::string_view reason, std::string_view message);
  void RefuseAndEnd(int status, std::string_view reason, std::string_view message);

  // The client waits for "100 Continue" before it sends the body.
  bool WantsContinue() const;
  // One step of reading the body. kReady: complete and stored; kBad: the reply is the answer.
  RequestParser::Step ParseBody();

  bool OnPool() const { return route_->options.on == On::kPool && shared_.options.pool_threads > 0; }
  // The reply is there without a handler on the pool (RouteOptions::at_once).
  bool AnsweredAtOnce();
  // Runs the handler; nothing it throws goes further.
  void Invoke();

  // Turns the reply into bytes to send: head and body, then perhaps a file or a stream.
  void Prepare(std::string_view date);
  // Text to send that is not a reply.
  void PrepareRaw(std::string_view text);
  enum class Sent : std::uint8_t { kAll, kPart, kBroken };
  // Hands the socket what it takes at once of the prepared bytes / of the file.
  // `tls`: null when bytes go to the socket as they are.
  Sent Send(int socket, TlsConnection* tls);
  Sent SendFile(int socket, TlsConnection* tls);
  std::size_t sent() const { return sent_; }
  std::uint64_t file_left() const { return file_left_; }
  bool Streaming() const { return streaming_; }
  // Calls the pull stream once; false: it failed and the connection must end.
  bool PullChunk();
  // Frames the pulled chunk as the next bytes to send; false after the last.
  bool PrepareChunk();
  bool ChunkIsEmpty() const { return chunk_.empty(); }

  // Counts the exchange (as 499 when the client left before the reply) and lets go of its memory.
  void Finish(std::chrono::steady_clock::time_point now);

  bool keep_alive = false;
  bool linger = false;  // the client may still be sending: read on for a while after the reply, or it would not see it
  bool gone = false;    // the connection broke

 private:
  void LeaveBody();
  Next ByVerdict();
  Next LookAtBody();
  bool AsksBeforeBody() const;
  void Handle();
  void Failed(std::string_view cause);
  bool PrepareFile();
  Sent SendByTls(TlsConnection& tls);
  Sent SendFileByTls(TlsConnection& tls);
  void Unreadable(int error);
  void Settle();

  Shared& shared_;
  RequestParser& parser_;
  const std::string remote_;

  Call call_;
  RequestBody body_;
  std::string id_;
  bool echo_id_ = false;
  const Route* route_ = nullptr;
  Gate::Verdict verdict_ = Gate::Verdict::kPass;
  bool asked_ = false;         // the route, whether it refuses
  Reply no_route_;             // the answer when there is no route, once the gate has let the call pass
  std::string_view encoding_;  // of the body, "" for none

  Reply reply_;
  std::string out_;        // head, small body, or a framed chunk
  std::string_view tail_;  // the rest of an in-memory body, in reply_
  std::size_t sent_ = 0;   // of out_ and tail_
  bool begun_ = false;     // the reply began to go out
  OpenedFile file_;
  std::int64_t file_at_ = 0;
  std::uint64_t file_left_ = 0;
  std::string file_piece_;  // read and not yet sent: TLS cannot send from the file
  bool streaming_ = false;
  bool chunked_ = false;
  bool more_ = false;
  std::string chunk_;
  bool in_flight_ = false;  // counted in the gauge
};

}  // namespace mlean::net
