using System.Text.Json;

namespace KeyMeld.Protocol.Http;

/// <summary>Refuses null among the entries of a list, which the serializer's own null checks do not look at.</summary>
internal static class JsonLists
{
    public static IReadOnlyList<T> WithoutNull<T>(IReadOnlyList<T> list)
        where T : class
    {
        foreach (var entry in list)
        {
            if (entry is null)
            {
                throw new JsonException("A list has null among its entries.");
            }
        }
        return list;
    }
}
