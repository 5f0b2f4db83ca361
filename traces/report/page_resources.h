// The files of traces/report/page, embedded at build time (embed.cmake).
#pragma once

namespace heat::traces {

extern const char* const kPageHtml;  // with @CSS@, @DATA@, @D3@, @SCRIPT@, @GENERATOR@ to be replaced
extern const char* const kPageCss;
extern const char* const kPageScript;

}  // namespace heat::traces
