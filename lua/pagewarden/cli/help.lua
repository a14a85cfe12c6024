-- SPDX-License-Identifier: MIT
--- `pagewarden help [NAME]`: what a policy or a command does, from what it declares.
-- @module pagewarden.cli.help
local exit = require "pagewarden.cli.exit"
local format = require "pagewarden.format"
local needs = require "pagewarden.needs"
local option = require "pagewarden.option"
local policies = require "pagewarden.cli.policies"
local terminal = require "pagewarden.cli.terminal"

local help = { summary = "Explain a policy or a command" }

local INDENT = "    "


function help.define(parser)
  parser:argument "name"
    :args "?"
    :description "A policy, its file, or a command."
end


local function print_wrapped(indent, words)
  for _, line in ipairs(format.wrap(words, terminal.width() - #indent)) do
    print(indent .. line)
  end
end


--- "500ms to 10s", "at least 1M"; nil when anything goes.
local function range_of(spec)
  local function show(value)
    return option.show({ name = spec.name, type = spec.of or spec.type }, value)
  end
  if spec.choices then
    return "one of " .. table.concat(spec.choices, ", ")
  elseif spec.min and spec.max then
    return ("%s to %s"):format(show(spec.min), show(spec.max))
  elseif spec.min or spec.max then
    return spec.min and "at least " .. show(spec.min) or "at most " .. show(spec.max)
  end
end


local function default_of(spec)
  if spec.default == nil then
    return "no default"
  end
  return spec.default == "" and "default: none" or "default: " .. spec.default
end


local function print_option(spec, paint)
  local kind = spec.of and ("%s,…"):format(spec.of) or spec.type
  print(("  -o %s=%s"):format(paint("bold", spec.name), kind:upper()))
  local facts = { default_of(spec), range_of(spec) }
  local said = table.concat(facts, "; ")
  print_wrapped(INDENT, spec.help and ("%s (%s)"):format(spec.help, said) or said)
end


local function needs_of(policy)
  if not policy.needs then
    return "depends on the options"
  end
  local described = needs.describe(policy.needs)
  return #described > 0 and table.concat(described, "; ") or "nothing"
end


local function print_paragraphs(description)
  for paragraph in (description .. "\n\n"):gmatch "(.-)\n%s*\n" do
    if paragraph:find "%S" then
      print()
      print_wrapped("", paragraph)
    end
  end
end


local function print_examples(examples, paint)
  if #examples > 0 then
    print(("\n%s"):format(paint("bold", "Examples")))
  end
  for _, example in ipairs(examples) do
    print("  " .. example)
  end
end


local function print_policy(policy, paint)
  print_wrapped("", ("%s: %s"):format(policy.name, policy.summary))
  print()
  print_wrapped("", ("Usage: pagewarden run %s [-o key=value] [--for TIME] [--json]"):format(
    policy.name))
  print_paragraphs(policy.description or "")
  print_examples(policy.examples, paint)
  if #policy.options > 0 then
    print(("\n%s"):format(paint("bold", "Options")))
    for _, spec in ipairs(policy.options) do
      print_option(spec, paint)
    end
  end
  print()
  print_wrapped("", "Needs: " .. needs_of(policy))
  if #policy.tags > 0 then
    print_wrapped("", "Tags: " .. table.concat(policy.tags, ", "))
  end
  print_wrapped("", "File: " .. policy.path)
end


function help.run(arguments, context)
  local of_command = context.command_line:help_of(arguments.name)
  if of_command then
    print(of_command)
    return exit.DONE
  end
  local policy, status = policies.load(arguments.name, arguments, context)
  if not policy then
    return status
  end
  print_policy(policy, terminal.painter(arguments))
  return exit.DONE
end


return help
