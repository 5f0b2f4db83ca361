# cmake -DOUT=F.cpp -DDIR=page -P embed.cmake: the page's files as C++ string constants.
set(scripts base.js bars.js scatter.js lines.js dram.js dram_banks.js main.js)
set(script "")
foreach(file ${scripts})
  file(READ "${DIR}/${file}" text)
  string(APPEND script "${text}")
endforeach()
file(READ "${DIR}/page.html" html)
file(READ "${DIR}/page.css" css)
file(WRITE "${OUT}" "// Made from traces/report/page by embed.cmake.
#include \"traces/report/page_resources.h\"
namespace heat::traces {
const char* const kPageHtml = R\"heat_page(${html})heat_page\";
const char* const kPageCss = R\"heat_page(${css})heat_page\";
const char* const kPageScript = R\"heat_page(${script})heat_page\";
}  // namespace heat::traces
")
