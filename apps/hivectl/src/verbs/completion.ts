import { Argument } from "commander";
import { examples, sentencesBelow } from "../output/help-lines.ts";
import type { AddVerb } from "./verb.ts";

/** Each asks hivectl itself what may stand there. */
const SCRIPTS = {
  bash: `_hivectl() {
  local line=\${COMP_LINE:0:COMP_POINT} IFS=$' \\t\\n'
  local -a words found
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  local word=\${words[-1]}
  mapfile -t found < <(hivectl __complete -- "\${words[@]:1}" 2> /dev/null)
  # Of a word with = or : in it, bash replaces what stands behind the last of them.
  local kept=\${word%"\${word##*[=:]}"}
  COMPREPLY=("\${found[@]#"$kept"}")
  if [[ \${#found[@]} == 1 && \${found[0]} == *= ]]; then compopt -o nospace; fi
}
complete -F _hivectl hivectl
`,
  zsh: `_hivectl() {
  local -a found
  found=(\${(f)"$(hivectl __complete -- "\${(@)words[2,CURRENT-1]}" "$PREFIX" 2> /dev/null)"})
  compadd -S '' -- \${(M)found:#*=}
  compadd -- \${found:#*=}
}
compdef _hivectl hivectl
`,
  fish: `complete -c hivectl -f -a '(hivectl __complete -- (commandline -opc)[2..-1] (commandline -ct) 2> /dev/null)'
`,
} as const;

export const addCompletion: AddVerb = (parent, does) => {
  parent
    .command("completion")
    .description("Prints what a shell needs to complete verbs, flags, and the ids and labels that the queen knows.")
    .addArgument(new Argument("<shell>").choices(Object.keys(SCRIPTS)))
    .addHelpText(
      "after",
      sentencesBelow(
        "The command must be called hivectl. It goes into ~/.bashrc, ~/.zshrc (behind compinit) or ~/.config/fish/config.fish.",
      ),
    )
    .addHelpText(
      "after",
      examples(
        ['hivectl() { HIVECTL_COMMAND=hivectl node /path/to/hivectl.js "$@"; }'],
        ['eval "$(hivectl completion bash)"'],
        ['eval "$(hivectl completion zsh)"'],
        ["hivectl completion fish | source"],
      ),
    )
    .action(does(async ({ terminal }, { args: [shell] }) => terminal.write(SCRIPTS[shell as keyof typeof SCRIPTS])));
};
