// RFC 9457 problem details with a stable code (protocol.md section 9). Section 3.2 there: extension members that are not understood are ignored.
using System.Text.Json.Serialization;

namespace KeyMeld.Protocol.Http;

/// <summary>An error answer, <c>application/problem+json</c>.</summary>
/// <param name="Code">Stable, from <see cref="Errors.ErrorCodes"/>.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Type">A URI for the kind of problem.</param>
/// <param name="Title">What to do, the same for each code.</param>
/// <param name="Detail">What is wrong this time.</param>
/// <param name="Instance">The request id, which finds it in the gateway's log.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record ProblemJson(string Code, int? Status = null, string? Type = null, string? Title = null, string? Detail = null, string? Instance = null);
