package audit

import (
	"cmp"
	"slices"

	"github.com/tame-py/tame/packaging/simple"
)

// A SARIFRun is one run of an audit in a SARIF document.
type SARIFRun struct {
	*Report
	// ID tells runs of one document apart; it may be empty.
	ID string
	// Artifact is the file that the findings are about, as a relative URI.
	Artifact string
}

// SARIFTool is the program that has made a SARIF document.
type SARIFTool struct{ Name, Version, Home string }

// The parts of SARIF 2.1.0 (numbers are its sections) that are written. Members of
// objects are in the order of the alphabet, as uv has them.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Runs    []sarifRun `json:"runs"`
		Version string     `json:"version"`
	}
	sarifRun struct { // 3.14
		Details     *sarifID          `json:"automationDetails,omitempty"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
		Tool        struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
	}
	sarifID struct {
		ID string `json:"id"`
	}
	sarifInvocation struct { // 3.20
		Successful bool `json:"executionSuccessful"`
	}
	sarifDriver struct { // 3.19
		Information     string      `json:"informationUri,omitempty"`
		Name            string      `json:"name"`
		Rules           []sarifRule `json:"rules,omitempty"`
		SemanticVersion string      `json:"semanticVersion,omitempty"`
		Version         string      `json:"version,omitempty"`
	}
	sarifRule struct { // 3.49
		Help       *sarifText     `json:"help,omitempty"`
		HelpURI    string         `json:"helpUri,omitempty"`
		ID         string         `json:"id"`
		Name       string         `json:"name,omitempty"`
		Properties map[string]any `json:"properties,omitempty"`
	}
	sarifText struct { // 3.11, 3.12
		Text string `json:"text"`
	}
	sarifResult struct { // 3.27
		Kind         string            `json:"kind"`
		Level        string            `json:"level"`
		Locations    []sarifLocation   `json:"locations"`
		Message      sarifText         `json:"message"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   map[string]any    `json:"properties"`
		Rule         string            `json:"ruleId"`
	}
	sarifLocation struct { // 3.28
		Logical  []sarifLogical `json:"logicalLocations"`
		Physical struct {       // 3.29
			Artifact struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
			Region struct {
				Line int `json:"startLine"`
			} `json:"region"`
		} `json:"physicalLocation"`
	}
	sarifLogical struct { // 3.33
		Qualified string `json:"fullyQualifiedName"`
		Kind      string `json:"kind"`
		Name      string `json:"name"`
	}
)

// SARIF are runs as one document, for the likes of code scanning services. The
// names of rules and properties are those that uv gives them, so that what reads
// one reads the other.
func SARIF(tool SARIFTool, runs ...SARIFRun) ([]byte, error) {
	log := sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0", Runs: []sarifRun{},
	}
	for _, r := range runs {
		log.Runs = append(log.Runs, r.run(tool))
	}
	return encode(log)
}

func (r *SARIFRun) run(tool SARIFTool) sarifRun {
	out := sarifRun{Invocations: []sarifInvocation{{true}}, Results: []sarifResult{}}
	if r.ID != "" {
		out.Details = &sarifID{r.ID}
	}
	rules := map[string]sarifRule{}
	add := func(rule sarifRule, result sarifResult) {
		if _, known := rules[rule.ID]; !known {
			rules[rule.ID] = rule
		}
		result.Rule, result.Kind = rule.ID, "fail"
		out.Results = append(out.Results, result)
	}
	for i := range r.Vulnerabilities {
		v := &r.Vulnerabilities[i]
		add(v.rule(), r.vulnerability(v))
	}
	for _, s := range r.Statuses {
		add(s.rule(), r.status(s))
	}
	d := &out.Tool.Driver
	d.Name, d.Version, d.SemanticVersion, d.Information = tool.Name, tool.Version, tool.Version, tool.Home
	for _, rule := range rules {
		d.Rules = append(d.Rules, rule)
	}
	slices.SortFunc(d.Rules, func(a, b sarifRule) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// location is the package as a thing in the file. Findings are of packages, so
// that the line in the file says nothing; there must be one, though.
func (r *SARIFRun) location(name, qualified string) []sarifLocation {
	l := sarifLocation{Logical: []sarifLogical{{qualified, "package", name}}}
	l.Physical.Artifact.URI, l.Physical.Region.Line = r.Artifact, 1
	return []sarifLocation{l}
}

func (v *Vulnerability) rule() sarifRule {
	out := sarifRule{
		HelpURI: v.Link, ID: v.ID, Name: v.DisplayID(),
		Properties: map[string]any{"tags": []string{"security", "vulnerability"}},
	}
	if help := cmp.Or(v.Details, v.Summary); help != "" {
		out.Help = &sarifText{help}
	}
	return out
}

func (r *SARIFRun) vulnerability(v *Vulnerability) sarifResult {
	name, version := string(v.Dependency.Name), v.Dependency.Version.String()
	text := name + " " + version + " is vulnerable to " + v.DisplayID()
	if v.Summary != "" {
		text += ": " + v.Summary
	}
	properties := map[string]any{
		"uv/aliases": append([]string{}, v.Aliases...), "uv/displayId": v.DisplayID(), "uv/fixVersions": texts(v.Fixed),
		"uv/id": v.ID, "uv/package": name, "uv/version": version,
	}
	if v.Modified != "" {
		properties["uv/modified"] = v.Modified
	}
	if v.Published != "" {
		properties["uv/published"] = v.Published
	}
	return sarifResult{
		Level: "error", Locations: r.location(name, name+"@"+version), Message: sarifText{text}, Properties: properties,
		Fingerprints: map[string]string{"uv/vulnerability": v.ID + ":" + name + ":" + version},
	}
}

// about says what a state of a project means.
func about(s simple.Status) string {
	switch s {
	case simple.Archived:
		return "The project is archived and is no longer maintained."
	case simple.Deprecated:
		return "The project is deprecated and may have been superseded by another project."
	}
	return "The project is quarantined and is considered unsafe for use."
}

func (s *ProjectStatus) rule() sarifRule {
	return sarifRule{
		Help:    &sarifText{about(s.Status)},
		HelpURI: "https://packaging.python.org/en/latest/specifications/project-status-markers/#" + string(s.Status),
		ID:      "uv/project-status/" + string(s.Status), Name: string(s.Status),
		Properties: map[string]any{"tags": []string{"package", "project-status"}},
	}
}

// Text says what state a project is in, in one line.
func (s *ProjectStatus) Text() string {
	text := string(s.Name) + " is " + string(s.Status)
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}

func (r *SARIFRun) status(s ProjectStatus) sarifResult {
	name := string(s.Name)
	properties := map[string]any{"uv/package": name, "uv/status": string(s.Status)}
	if s.Reason != "" {
		properties["uv/reason"] = s.Reason
	}
	return sarifResult{
		Level: "warning", Locations: r.location(name, name), Message: sarifText{s.Text()}, Properties: properties,
		Fingerprints: map[string]string{"uv/project-status": name + ":" + string(s.Status)},
	}
}
