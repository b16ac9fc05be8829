# The project's own CMake functions; everything else is upstream's.

add_compile_options(-Wall -Wextra -Werror -Wno-unused-parameter)
if(BITNET_SANITIZE)
  # vptr and function checks need the RTTI that LLVM's packages lack.
  add_compile_options(-fsanitize=${BITNET_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  # Programs bring the sanitizers' runtime; libraries find it in them.
  add_link_options(-fsanitize=${BITNET_SANITIZE} -Wl,-z,undefs)
  if(BITNET_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize=vptr,function)
  endif()
endif()

# add_bitnet_library(NAME sources... [DEPENDS targets...] [LINK_LIBS libs...])
#
# One folder of lib/ or dialects/: an object library that becomes a part of
# libBitNet.so. LINK_LIBS names further libraries that libBitNet.so must link.
function(add_bitnet_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} OBJECT ${ARG_UNPARSED_ARGUMENTS})
  llvm_update_compile_flags(${name})
  add_dependencies(${name} bitnet-headers ${ARG_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY BITNET_LIBS ${name})
  if(ARG_LINK_LIBS)
    set_property(GLOBAL APPEND PROPERTY BITNET_LINK_LIBS ${ARG_LINK_LIBS})
  endif()
endfunction()

# add_bitnet_tool(NAME sources...): a program that links libBitNet.so.
function(add_bitnet_tool name)
  add_llvm_executable(${name} ${ARGN})
  llvm_update_compile_flags(${name})
  target_link_libraries(${name} PRIVATE BitNet MLIR)
  set_target_properties(${name} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS ${name} EXPORT BitNetTargets
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# Every generated header of the dialects and passes, so that no library has to
# name the ones it includes.
add_custom_target(bitnet-headers)
