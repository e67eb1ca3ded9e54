#include "ui/status_page.hpp"

extern "C" {
// The bytes of status_page.html, embedded by status_page.S.
extern const char mlean_status_page[];
extern const char mlean_status_page_end[];
}

namespace mlean::ui {

void BindStatusPage(net::Router& router) {
  router.Add("GET", "/", {.on = net::On::kInline, .max_body = 1u << 16, .access = net::Access::kReader}, [](const net::Call&) {
    net::Reply reply;
    reply.content_type = "text/html; charset=utf-8";
    reply.static_body = {mlean_status_page, static_cast<std::size_t>(mlean_status_page_end - mlean_status_page)};
    return reply.With("Cache-Control", "no-cache");
  });
}

}  // namespace mlean::ui
