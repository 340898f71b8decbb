using System.CommandLine;
using System.Globalization;
using KeyMeld.Cli.Commands.Adaptors;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary>The options of <c>keymeld sign</c> that ask for pre-signatures. <c>N=</c> before a value names one of the things to sign, counted from 0: files first, then hashes.</summary>
internal sealed class AdaptorOptions
{
    private readonly Option<string[]> points = new("--adaptor")
    {
        Description = "[N=]POINT: make a pre-signature that the secret of this point completes. Several for one thing: one pre-signature each, any secret completes its own.",
    };

    private readonly Option<string[]> challenges = new("--adaptor-all") { Description = "[N=]CHALLENGE: one pre-signature that all the secrets of the challenge's points complete (see `keymeld adaptor challenge`)." };

    private readonly Option<string[]> proofs = new("--proof") { Description = "A proof for a point of a challenge (128 hex digits), or a file with it; one of every point." };

    public void AddTo(Command command)
    {
        command.Options.Add(points);
        command.Options.Add(challenges);
        command.Options.Add(proofs);
    }

    /// <summary>What was given to sign, with its adaptors.</summary>
    /// <exception cref="KeyMeldException"><c>bad_request</c>; <c>adaptor_invalid</c>: a proof is missing, or of no challenge.</exception>
    public List<SigningContent> Apply(ParseResult parsed, IReadOnlyList<SigningContent> contents)
    {
        var single = Read(parsed.GetValue(points), contents.Count, "--adaptor", text => AdaptorInput.Point(text, "--adaptor"));
        var all = Read(parsed.GetValue(challenges), contents.Count, "--adaptor-all", text => AdaptorChallenge.Parse(AdaptorInput.Text(text)));
        var given = (parsed.GetValue(proofs) ?? []).Select(AdaptorInput.Signature).ToList();
        if (given.Find(proof => !all.Any(one => one.Value.TryMatch(proof, out _))) is { } lost)
        {
            throw new KeyMeldException(ErrorCodes.AdaptorInvalid, $"The proof {lost} is for no point of a challenge given with --adaptor-all.");
        }
        List<SigningContent> applied = [];
        foreach (var (index, content) in contents.Index())
        {
            List<SigningContent> adapted =
            [
                .. single.Where(one => (one.At ?? index) == index).Select(one => content with { Adaptor = Adaptor.Of(one.Value) }),
                .. all.Where(one => (one.At ?? index) == index).Select(one => content with { Adaptor = one.Value.Complete(given.Where(proof => one.Value.TryMatch(proof, out _))) }),
            ];
            applied.AddRange(adapted.Count > 0 ? adapted : [content]);
        }
        return applied;
    }

    private static List<(int? At, T Value)> Read<T>(string[]? texts, int count, string option, Func<string, T> read) => [.. (texts ?? []).Select(text =>
    {
        var cut = text.IndexOf('=', StringComparison.Ordinal);
        if (cut < 0)
        {
            return ((int?)null, read(text));
        }
        return int.TryParse(text.AsSpan(0, cut), NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at < count
            ? ((int?)at, read(text[(cut + 1)..]))
            : throw new KeyMeldException(ErrorCodes.BadRequest, $"{option} {text}: before = stands the number of a thing to sign, 0 to {count - 1}.");
    })];
}
