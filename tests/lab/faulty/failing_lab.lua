-- SPDX-License-Identifier: MIT
return {
  { "two is two", function() assert.equal(2, 2) end },
  { "two is three", function() assert.equal(3, 2) end },
  { "three is three", function() assert.equal(3, 3) end },
}
