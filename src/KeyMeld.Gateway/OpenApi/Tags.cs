using System.Collections.Immutable;

namespace KeyMeld.Gateway.OpenApi;

/// <summary>The chapters of the document.</summary>
internal static class Tags
{
    public const string Enclaves = "Enclaves";
    public const string Groups = "Groups";
    public const string Signing = "Signing";
    public const string Keys = "Keys";
    public const string Health = "Health";
    public const string Operator = "Operator";
    public const string Documents = "Documents";

    /// <summary>In the order of the document, each with what it is about.</summary>
    public static readonly ImmutableArray<(string Name, string Description)> All =
    [
        (Enclaves, "Which enclaves there are, and the attested identity that a client verifies before it seals anything to one."),
        (Groups, "Forming a group: manifest, registrations, made member keys, receipts."),
        (Signing, "Signing requests of a group, their approvals, and the rounds of members that sign at home."),
        (Keys, "Keys of one owner."),
        (Health, "Whether the gateway runs and can work."),
        (Operator, "For whoever runs the gateway."),
        (Documents, "This document and its pages."),
    ];
}
