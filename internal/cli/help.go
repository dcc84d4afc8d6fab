package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/ui"
)

const helpWidth = 100

func helpCommand() command {
	return command{
		path: "help", args: "[COMMAND]...", reads: true, plain: true, short: "Explain a command",
		prepare: func(f *flags) work {
			var noPager bool
			f.Bool(&noPager, "no-pager", "Print at once instead of page by page")
			return func(_ context.Context, a *app, args []string) error { return a.help(args) }
		},
	}
}

func (a *app) help(names []string) error {
	at := a.tree()
	for _, name := range names {
		next := child(at, name)
		if next == nil {
			return unknownCommand(at, name)
		}
		at = next
	}
	a.arm(at)
	a.showHelp(at)
	return nil
}

// showHelp prints what a person needs in order to use a command.
func (a *app) showHelp(node *cobra.Command) {
	a.print.Text("%s", a.helpText(node, a.print.OutColor))
}

func (a *app) helpText(node *cobra.Command, p ui.Palette) string {
	c := a.nodes[node]
	var b strings.Builder
	if text := node.Long; text != "" {
		b.WriteString(wrap(text, helpWidth, "") + "\n\n")
	} else if node.Short != "" {
		b.WriteString(node.Short + "\n\n")
	}
	usage := node.CommandPath() + " [OPTIONS]"
	if c.args != "" {
		usage += " " + c.args
	}
	if node.HasAvailableSubCommands() {
		usage += " <COMMAND>"
	}
	fmt.Fprintf(&b, "%s %s\n", p.Bold(p.Green("Usage:")), p.Bold(p.Cyan(usage)))
	if node.HasAvailableSubCommands() {
		writeCommands(&b, p, node)
	}
	writeOptions(&b, p, node)
	if node.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n`%s help COMMAND` explains a command.\n", node.Root().Name())
	}
	return b.String()
}

func writeCommands(b *strings.Builder, p ui.Palette, node *cobra.Command) {
	width := 0
	for _, c := range node.Commands() {
		if !c.Hidden {
			width = max(width, len(c.Name()))
		}
	}
	fmt.Fprintf(b, "\n%s\n", p.Bold(p.Green("Commands:")))
	for _, c := range node.Commands() {
		if !c.Hidden {
			fmt.Fprintf(b, "  %s%s  %s\n", p.Bold(p.Cyan(c.Name())), strings.Repeat(" ", width-len(c.Name())), c.Short)
		}
	}
}

// writeOptions lists the visible flags below their headings, the command's own
// first.
func writeOptions(b *strings.Builder, p ui.Palette, node *cobra.Command) {
	var headings []string
	under := map[string][]*pflag.Flag{}
	collect := func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		heading := cmdline.Note(f, cmdline.NoteHeading)
		if heading == "" {
			heading = "Global options"
		}
		if !slices.Contains(headings, heading) {
			headings = append(headings, heading)
		}
		if !slices.Contains(under[heading], f) {
			under[heading] = append(under[heading], f)
		}
	}
	node.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && (f.Name != "version" || f.Value.Type() != "bool") {
			collect(f)
		}
	})
	node.Root().PersistentFlags().VisitAll(collect)
	for _, heading := range headings {
		fmt.Fprintf(b, "\n%s\n", p.Bold(p.Green(heading+":")))
		for _, f := range under[heading] {
			b.WriteString(optionText(p, f))
		}
	}
}

// optionText is one option with its explanation beside or below it.
func optionText(p ui.Palette, f *pflag.Flag) string {
	const indent = 28
	name := "    --" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", --" + f.Name
	}
	plain := "  " + name
	if value := cmdline.Note(f, cmdline.NoteValue); value != "" {
		plain += " <" + value + ">"
	}
	text := f.Usage
	if choices := cmdline.Note(f, cmdline.NoteChoices); choices != "" {
		text += " [possible values: " + strings.ReplaceAll(choices, " ", ", ") + "]"
	}
	if env := cmdline.Note(f, cmdline.NoteEnv); env != "" {
		text += " [env: " + env + "]"
	}
	pad := strings.Repeat(" ", indent)
	text = wrap(text, helpWidth-indent, pad)
	if len(plain) < indent-1 {
		return p.Cyan(plain) + pad[len(plain):] + text + "\n"
	}
	return p.Cyan(plain) + "\n" + pad + text + "\n"
}

// wrap breaks text at spaces; lines after the first begin with indent.
func wrap(text string, width int, indent string) string {
	var b strings.Builder
	for i, paragraph := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString("\n" + indent)
		}
		column := 0
		for j, word := range strings.Fields(paragraph) {
			switch {
			case j == 0:
			case column+1+len(word) > width:
				b.WriteString("\n" + indent)
				column = 0
			default:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(word)
			column += len(word)
		}
	}
	return b.String()
}
